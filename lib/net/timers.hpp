// A hashed timer wheel: heartbeats, header timeouts and lifetimes of any number of connections for the price
// of one Asio timer per loop and 32 bytes each. Coarse by design: one tick is 100 ms. Loop thread only.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.hpp"

namespace relay::net {

// Embedded in its owner; leaves the wheel when destroyed.
class TimerNode {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
  bool scheduled() const { return next_ != nullptr; }

 protected:
  ~TimerNode() { unlink(); }
  virtual void on_timer() = 0;  // unscheduled before the call; may schedule again

 private:
  friend class TimerWheel;
  void unlink();
  TimerNode* previous_ = nullptr;
  TimerNode* next_ = nullptr;
  std::uint32_t due_ = 0;  // tick
};

class TimerWheel {
 public:
  static constexpr Milliseconds kTick{100};

  explicit TimerWheel(const Clock& clock);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  // (Re)schedules: at the first tick that is not before `delay` has passed, and never within this call.
  void schedule(TimerNode& node, Milliseconds delay);
  static void cancel(TimerNode& node) { node.unlink(); }
  // One tick has passed: fires what is due.
  void advance();

 private:
  struct Head final : TimerNode {
    void on_timer() override {}
  };
  static constexpr std::uint32_t kSlots = 1024;  // 102.4 s a round; later ones stay for further rounds
  static void link_behind(TimerNode& head, TimerNode& node);
  const Clock& clock_;
  SteadyTime advanced_;  // when the last tick passed
  std::array<Head, kSlots> slots_;
  std::uint32_t now_ = 0;
};

}  // namespace relay::net
