// How the texts of knobs read: rates, shares, sizes and the like. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "request.hpp"

namespace relay::bench {

std::optional<double> read_rate(std::string_view text);           // "500", "500/s", "10k/s", "0.5/s"
std::optional<double> read_share(std::string_view text);          // "20%", "0.2"
std::optional<std::uint32_t> read_number(std::string_view text);  // "50000", "50k", "50,000"
std::optional<double> read_factor(std::string_view text);         // "1.5x", "0.01"
std::optional<Milliseconds> read_time(std::string_view text);     // "30s", "1h30m", "0"
std::optional<std::pair<std::uint32_t, std::uint32_t>> read_sizes(std::string_view text);  // "128", "50-4KiB"
std::optional<Level> read_level(std::string_view text);  // "50%", "5000", "500/s"
// "Key: value" or "key=value", cut at `between`; spaces around do not count, and the key is not empty.
std::optional<std::pair<std::string, std::string>> read_pair(std::string_view text, char between);

}  // namespace relay::bench
