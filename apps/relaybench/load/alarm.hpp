// One timer with the kernel's precision, in the loop's own poller: the loop's wheel ticks every 100 ms, the
// pacer needs microseconds. Re-arming is one system call, firing none. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>

#include "net/io_loop.hpp"
#include "net/poller.hpp"

namespace relay::bench {

// CLOCK_MONOTONIC in nanoseconds.
std::int64_t monotonic_ns();

class Alarm final : public net::Pollable {
 public:
  Alarm(net::IoLoop& loop, std::function<void()> on_time);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  // Fires once at that time of monotonic_ns(), at once if it has passed. Replaces an earlier one.
  void set(std::int64_t at_ns);

 private:
  void on_ready(std::uint32_t events) override;
  net::IoLoop& loop_;
  std::function<void()> on_time_;
  int fd_;
};

}  // namespace relay::bench
