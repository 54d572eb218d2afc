#include "cli/human.hpp"

#include <time.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace relay::cli {
namespace {

std::string one_decimal(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

}  // namespace

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string counted(std::int64_t number, std::string_view noun) {
  return grouped(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

std::string human_bytes(std::int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (std::abs(size) >= 1024 && unit + 1 < kUnits.size()) {
    size /= 1024;
    ++unit;
  }
  return (unit == 0 ? std::to_string(bytes) : one_decimal(size)) + " " + kUnits[unit];
}

std::string human_duration(std::int64_t ms) {
  if (ms < 0) return "-" + human_duration(-ms);
  if (ms < 1000) return std::to_string(ms) + "ms";
  if (ms < 10'000) return one_decimal(static_cast<double>(ms) / 1000) + "s";
  const std::int64_t s = ms / 1000;
  const auto two = [](std::int64_t great, const char* unit, std::int64_t small, const char* smaller) {
    return std::to_string(great) + unit + (small > 0 ? std::to_string(small) + smaller : "");
  };
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return two(s / 60, "m", s % 60, "s");
  if (s < 86'400) return two(s / 3600, "h", s / 60 % 60, "m");
  return two(s / 86'400, "d", s / 3600 % 24, "h");
}

std::string human_rate(double per_second) {
  if (per_second > 0 && per_second < 100) return one_decimal(per_second) + "/s";
  return grouped(std::llround(per_second)) + "/s";
}

std::int64_t parse_rfc3339(std::string_view text) {
  tm parts{};
  int milliseconds = 0;
  const std::string copy(text);
  const int got = std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3d", &parts.tm_year, &parts.tm_mon,
                              &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &milliseconds);
  if (got < 6 || !copy.ends_with('Z')) return -1;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return timegm(&parts) * 1000LL + milliseconds;
}

}  // namespace relay::cli
