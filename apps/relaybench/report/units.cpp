#include "report/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/bytes.hpp"
#include "cli/human.hpp"

namespace relay::bench {
namespace {

// Three digits that say something: 0.21, 7.70, 19.3, 193.
std::string three_digits(double value) {
  const double size = std::abs(value);
  char text[40];
  std::snprintf(text, sizeof text, "%.*f", size < 9.995 ? 2 : size < 99.95 ? 1 : 0, value);
  return text;
}

struct Suffix {
  std::string_view text;
  double factor;
};
constexpr std::array<Suffix, 5> kTimes{{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}}};
constexpr std::array<Suffix, 3> kCounts{{{"", 1}, {"k", 1e3}, {"M", 1e6}}};
constexpr std::array<Suffix, 6> kRates{
    {{"", 1}, {"/s", 1}, {"k", 1e3}, {"k/s", 1e3}, {"M", 1e6}, {"M/s", 1e6}}};
constexpr std::array<Suffix, 2> kShares{{{"", 1}, {"%", 0.01}}};
constexpr std::array<Suffix, 8> kSizes{{{"", 1},
                                        {"B", 1},
                                        {"KB", 1e3},
                                        {"MB", 1e6},
                                        {"GB", 1e9},
                                        {"KiB", 1024.0},
                                        {"MiB", 1024.0 * 1024},
                                        {"GiB", 1024.0 * 1024 * 1024}}};

template <std::size_t N>
Number with_suffix(const std::array<Suffix, N>& suffixes, std::string_view text, std::string_view expected) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number)) return {{}, expected};
  const std::string_view rest = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  for (const Suffix& suffix : suffixes)
    if (suffix.text == rest) return {number * suffix.factor, {}};
  if (number == 0 && rest.empty()) return {0.0, {}};
  return {{}, expected};
}

}  // namespace

std::string human_ns(double ns) {
  const double size = std::abs(ns);
  if (size >= 1e9) return three_digits(ns / 1e9) + "s";
  if (size >= 1e5) return three_digits(ns / 1e6) + "ms";
  if (size >= 1e3) return three_digits(ns / 1e3) + "us";
  return std::to_string(std::llround(ns)) + "ns";
}

std::string human_count(std::uint64_t number) {
  if (number < 1'000'000) return cli::grouped(static_cast<std::int64_t>(number));
  const auto value = static_cast<double>(number);
  return number < 1'000'000'000 ? three_digits(value / 1e6) + "M" : three_digits(value / 1e9) + "G";
}

std::string human_per_second(double rate) {
  if (rate >= 1e6) return three_digits(rate / 1e6) + "M/s";
  if (rate >= 1e4) return three_digits(rate / 1e3) + "k/s";
  if (rate >= 100 || rate == std::floor(rate)) return cli::grouped(std::llround(rate)) + "/s";
  return three_digits(rate) + "/s";
}

std::string human_share(double share) {
  const double percent = share * 100;
  const bool whole = percent >= 9.95 || percent == std::floor(percent);
  char text[40];
  std::snprintf(text, sizeof text, whole ? "%.0f %%" : percent < 0.1 ? "%.3g %%" : "%.2g %%", percent);
  return text;
}

std::string human(Unit unit, double value) {
  switch (unit) {
    case Unit::kTime:
      return human_ns(value);
    case Unit::kCount:
      return cli::grouped(std::llround(value));
    case Unit::kRate:
      return human_per_second(value);
    case Unit::kShare:
    case Unit::kCores:
      return human_share(value);
    case Unit::kBytes:
      return cli::human_bytes(std::llround(value));
  }
  return {};
}

Number parse_number(Unit unit, std::string_view text) {
  text = trim(text);
  switch (unit) {
    case Unit::kTime:
      return with_suffix(kTimes, text, "a time like 20ms (ns, us, ms, s, m)");
    case Unit::kCount:
      return with_suffix(kCounts, text, "a number like 0, 500 or 10k");
    case Unit::kRate:
      return with_suffix(kRates, text, "a rate like 500/s or 50k/s");
    case Unit::kShare:
    case Unit::kCores:
      return with_suffix(kShares, text, "a share like 0.1% or 0.001");
    case Unit::kBytes:
      return with_suffix(kSizes, text, "a size like 512, 64KiB or 1MB");
  }
  return {};
}

}  // namespace relay::bench
