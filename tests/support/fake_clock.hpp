// A clock that stands until a test moves it. One thread.
#pragma once

#include "base/clock.hpp"

namespace relay::test {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::int64_t wall_ms = 1'800'000'000'000) : wall_ms_(wall_ms) {}
  std::int64_t wall_ms() const override { return wall_ms_; }
  SteadyTime steady() const override { return SteadyTime(Milliseconds(wall_ms_)); }
  void advance(Milliseconds by) { wall_ms_ += by.count(); }

 private:
  std::int64_t wall_ms_;
};

}  // namespace relay::test
