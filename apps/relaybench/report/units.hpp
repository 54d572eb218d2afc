// Measured values for people, and what people write back as numbers. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay::bench {

enum class Unit : std::uint8_t {
  kTime,   // ns
  kCount,  // a plain number
  kRate,   // per second
  kShare,  // 0 … 1, shown in percent
  kBytes,
  kCores,  // processor time per time, shown in percent of one core
};

std::string human_ns(double ns);                // "0.21ms", "19.3ms", "7.70us", "1.93s"
std::string human_count(std::uint64_t number);  // "15,000", from a million on "1.50M"
std::string human_per_second(double rate);      // "500/s", "50.0k/s"
std::string human_share(double share);          // "41 %", "0.05 %"
std::string human(Unit unit, double value);

// "20ms", "0.1%", "64MiB", "500/s", "1.5k". Zero needs no unit; a time other than zero does. What was
// expected, in words, when it is none of these.
struct Number {
  std::optional<double> value;
  std::string_view expected;
};
Number parse_number(Unit unit, std::string_view text);

}  // namespace relay::bench
