// The one seam through which time enters: wall time for ids and expiry, steady time for deadlines.
//
// Any thread. Real code uses system_clock(); tests use tests/support/fake_clock.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace relay {

using Milliseconds = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since 1970 (UTC). May jump; whoever needs order must not trust it alone.
  virtual std::int64_t wall_ms() const = 0;
  virtual SteadyTime steady() const = 0;
};

// The machine's clock; lives as long as the process.
const Clock& system_clock();

// "2026-11-21T04:05:06.789Z" (RFC 3339, UTC).
std::string rfc3339(std::int64_t wall_ms);

}  // namespace relay
