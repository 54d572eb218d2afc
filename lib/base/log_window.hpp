// Collapses repeated lines: lets the first few of an event in a window through and counts the rest.
//
// A window opens with an event's first line. Used under the log's lock; time is handed in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace relay::log {

class Windows {
 public:
  static constexpr std::uint32_t kLines = 5;
  static constexpr std::chrono::seconds kLength{10};

  struct Suppressed {
    std::string event;
    Level level;  // of the last one
    std::uint64_t count;
  };

  // Whether this line is to be written. REQUIRES: take_closed(now) was called.
  bool admit(std::string_view event, Level level, SteadyTime now) {
    auto found = windows_.find(event);
    if (found == windows_.end()) {
      found = windows_.emplace(event, Window{now + kLength}).first;
      next_close_ = std::min(next_close_, now + kLength);
    }
    Window& window = found->second;
    window.level = level;
    return ++window.seen <= kLines;
  }

  // Forgets the windows that are over; what they suppressed is returned.
  std::vector<Suppressed> take_closed(SteadyTime now) {
    std::vector<Suppressed> closed;
    if (now < next_close_) return closed;
    next_close_ = SteadyTime::max();
    for (auto it = windows_.begin(); it != windows_.end();) {
      const Window& window = it->second;
      if (now < window.closes) {
        next_close_ = std::min(next_close_, window.closes);
        ++it;
        continue;
      }
      if (window.seen > kLines) closed.push_back({it->first, window.level, window.seen - kLines});
      it = windows_.erase(it);
    }
    return closed;
  }

 private:
  struct Window {
    SteadyTime closes;
    std::uint64_t seen = 0;
    Level level = Level::kWarning;
  };
  std::map<std::string, Window, std::less<>> windows_;  // events of the last ten seconds
  SteadyTime next_close_ = SteadyTime::max();
};

}  // namespace relay::log
