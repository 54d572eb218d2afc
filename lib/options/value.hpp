// The values an option can have, and their text: "30s", "64KiB", true, ["a", "b"].
//
// Pure functions; any thread. Errors are of kind kInvalid with a message that continues "… error: ".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace relay::options {

using List = std::vector<std::string>;
using Value = std::variant<std::string, bool, std::int64_t, Milliseconds, List>;

// "250ms", "30s", "5m", "2h", "1d" and runs of them ("1h30m"); a bare "0". Whole numbers only.
Result<Milliseconds> parse_duration(std::string_view text);
std::string format_duration(Milliseconds duration);  // the largest unit that needs no fraction; "0s"

// "1048576", "64KiB" (1024), "10MB" (1,000,000); B, KB, MB, GB, KiB, MiB, GiB.
Result<std::int64_t> parse_bytes(std::string_view text);
std::string format_bytes(std::int64_t bytes);  // with a binary unit when that needs no fraction

Result<std::int64_t> parse_count(std::string_view text);
Result<bool> parse_bool(std::string_view text);  // true false yes no on off 1 0 t f, any case
List parse_list(std::string_view text);          // comma separated; spaces around entries do not count

// As TOML writes it, with its quotes.
std::string toml_string(std::string_view text);
std::string toml_list(const List& entries);

}  // namespace relay::options
