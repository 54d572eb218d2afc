// Numbers for people: sizes, ages, counts. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace relay::cli {

std::string grouped(std::int64_t number);                         // "12,345"
std::string counted(std::int64_t number, std::string_view noun);  // "1 client", "12,345 clients"
std::string human_bytes(std::int64_t bytes);                      // "41.3 MiB"
std::string human_duration(std::int64_t milliseconds);            // "350ms", "1.2s", "7m12s", "3d4h"
std::string human_rate(double per_second);                        // "0.2/s", "4,118/s"

// RFC 3339 in UTC as relayd writes it, in milliseconds since 1970; -1 if it is not one.
std::int64_t parse_rfc3339(std::string_view text);

}  // namespace relay::cli
