#include "knob_values.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/bytes.hpp"
#include "options/value.hpp"

namespace relay::bench {
namespace {

// A number that is not negative, with an optional k or M; `rest` is what stands behind it.
std::optional<double> leading_number(std::string_view text, std::string_view& rest) {
  std::string digits;  // "50,000" without its commas
  std::size_t at = 0;
  for (; at < text.size() && ((text[at] >= '0' && text[at] <= '9') || text[at] == '.' || text[at] == ',');
       ++at) {
    if (text[at] != ',') digits += text[at];
  }
  double number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return {};
  rest = text.substr(at);
  if (rest.starts_with('k') || rest.starts_with('M')) {
    number *= rest.front() == 'k' ? 1e3 : 1e6;
    rest.remove_prefix(1);
  }
  return number;
}

std::optional<std::uint32_t> read_size(std::string_view text) {
  const auto bytes = options::parse_bytes(text);
  if (!bytes || *bytes < 0 || *bytes > std::numeric_limits<std::uint32_t>::max()) return {};
  return static_cast<std::uint32_t>(*bytes);
}

}  // namespace

std::optional<double> read_rate(std::string_view text) {
  std::string_view rest;
  const auto number = leading_number(text, rest);
  return number && (rest.empty() || rest == "/s") ? number : std::nullopt;
}

std::optional<double> read_share(std::string_view text) {
  std::string_view rest;
  auto number = leading_number(text, rest);
  if (!number || (!rest.empty() && rest != "%")) return {};
  if (rest == "%") *number /= 100;
  return *number <= 1 ? number : std::nullopt;
}

std::optional<std::uint32_t> read_number(std::string_view text) {
  std::string_view rest;
  const auto number = leading_number(text, rest);
  if (!number || !rest.empty() || *number != std::floor(*number) || *number > 4e9) return {};
  return static_cast<std::uint32_t>(*number);
}

std::optional<double> read_factor(std::string_view text) {
  std::string_view rest;
  const auto number = leading_number(text, rest);
  return number && *number > 0 && (rest.empty() || rest == "x") ? number : std::nullopt;
}

std::optional<Milliseconds> read_time(std::string_view text) {
  const auto time = options::parse_duration(text);
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> read_sizes(std::string_view text) {
  const auto dash = text.find('-');
  const auto least = read_size(text.substr(0, dash));
  const auto most = dash == text.npos ? least : read_size(text.substr(dash + 1));
  if (!least || !most || *most < *least) return {};
  return std::pair{*least, *most};
}

std::optional<Level> read_level(std::string_view text) {
  std::string_view rest;
  const auto number = leading_number(text, rest);
  if (!number) return {};
  if (rest == "%") return Level{*number / 100, true};  // of a rush more than all
  return rest.empty() || rest == "/s" ? std::optional(Level{*number, false}) : std::nullopt;
}

std::optional<std::pair<std::string, std::string>> read_pair(std::string_view text, char between) {
  const auto at = text.find(between);
  if (at == text.npos || trim(text.substr(0, at)).empty()) return {};
  return std::pair{std::string(trim(text.substr(0, at))), std::string(trim(text.substr(at + 1)))};
}

}  // namespace relay::bench
