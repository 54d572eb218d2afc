#include "options/value.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "base/bytes.hpp"

namespace relay::options {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
// Largest first: formatting takes the first that divides.
constexpr std::array<Unit, 4> kTimeUnits{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr Unit kDay{"d", 86'400'000};
constexpr std::array<Unit, 3> kBinaryUnits{{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}};
constexpr std::array<Unit, 4> kDecimalUnits{
    {{"GB", 1'000'000'000}, {"MB", 1'000'000}, {"KB", 1000}, {"B", 1}}};

Error invalid(std::string code, std::string message) {
  return make_error(ErrorKind::kInvalid, std::move(code), std::move(message));
}

Error bad_duration(std::string_view text) {
  return invalid("bad_duration", "bad duration \"" + std::string(text) +
                                     "\": write a whole number and ms, s, m, h or d, such as \"30s\"");
}

Error bad_size(std::string_view text) {
  return invalid("bad_size", "bad size \"" + std::string(text) +
                                 "\": write bytes, or a whole number and KiB, MiB, GiB, KB, MB or GB, "
                                 "such as \"64KiB\"");
}

std::int64_t time_factor(std::string_view unit) {
  if (unit == kDay.name) return kDay.factor;
  for (const Unit& candidate : kTimeUnits) {
    if (unit == candidate.name) return candidate.factor;
  }
  return 0;
}

std::int64_t size_factor(std::string_view unit) {
  if (unit.empty()) return 1;
  for (const Unit& candidate : kBinaryUnits) {
    if (equals_ignore_case(unit, candidate.name)) return candidate.factor;
  }
  for (const Unit& candidate : kDecimalUnits) {
    if (equals_ignore_case(unit, candidate.name)) return candidate.factor;
  }
  return 0;
}

// Takes the digits at the front of `text`; nothing if there are none or they do not fit.
std::optional<std::int64_t> take_number(std::string_view& text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// number * factor + sum, or nothing when that does not fit.
std::optional<std::int64_t> add_scaled(std::int64_t sum, std::int64_t number, std::int64_t factor) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(number, factor, &product)) return std::nullopt;
  if (__builtin_add_overflow(sum, product, &sum)) return std::nullopt;
  return sum;
}

}  // namespace

Result<Milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return Milliseconds(0);
  std::string_view rest = text;
  std::int64_t sum = 0;
  do {
    const auto number = take_number(rest);
    const std::string_view unit = rest.substr(0, rest.find_first_of("0123456789"));
    if (!number) return bad_duration(text);
    if (unit.empty()) {
      return invalid("bad_duration", "duration \"" + std::string(text) + "\" needs a unit, such as \"" +
                                         std::string(text) + "s\" or \"" + std::string(text) + "ms\"");
    }
    const auto next = add_scaled(sum, *number, time_factor(unit));
    if (time_factor(unit) == 0 || !next) return bad_duration(text);
    sum = *next;
    rest.remove_prefix(unit.size());
  } while (!rest.empty());
  return Milliseconds(sum);
}

std::string format_duration(Milliseconds duration) {
  if (duration.count() == 0) return "0s";
  for (const Unit& unit : kTimeUnits) {
    if (duration.count() % unit.factor == 0) {
      return std::to_string(duration.count() / unit.factor) + std::string(unit.name);
    }
  }
  return {};
}

Result<std::int64_t> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  const std::int64_t factor = size_factor(trim(rest));
  if (!number || factor == 0) return bad_size(text);
  const auto bytes = add_scaled(0, *number, factor);
  if (!bytes) return bad_size(text);
  return *bytes;
}

std::string format_bytes(std::int64_t bytes) {
  for (const Unit& unit : kBinaryUnits) {
    if (bytes != 0 && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(bytes);
}

Result<std::int64_t> parse_count(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (!number || !rest.empty()) {
    return invalid("bad_count", "\"" + std::string(text) + "\" is not a whole number");
  }
  return *number;
}

Result<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1", "t"}) {
    if (equals_ignore_case(text, yes)) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0", "f"}) {
    if (equals_ignore_case(text, no)) return false;
  }
  return invalid("bad_bool", "\"" + std::string(text) + "\" is neither true nor false");
}

List parse_list(std::string_view text) {
  List entries;
  for (const std::string_view piece : split(text, ',')) {
    const std::string_view entry = trim(piece);
    if (!entry.empty()) entries.emplace_back(entry);
  }
  return entries;
}

std::string toml_string(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += {kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string toml_list(const List& entries) {
  std::string out = "[";
  for (const std::string& entry : entries) {
    if (out.size() > 1) out += ", ";
    out += toml_string(entry);
  }
  return out + "]";
}

}  // namespace relay::options
