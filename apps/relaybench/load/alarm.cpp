#include "load/alarm.hpp"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace relay::bench {

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

Alarm::Alarm(net::IoLoop& loop, std::function<void()> on_time)
    : loop_(loop),
      on_time_(std::move(on_time)),
      fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (fd_ < 0 || !loop_.poller().add(fd_, *this)) {
    throw std::system_error(errno, std::generic_category(), "timerfd");
  }
}

Alarm::~Alarm() {
  loop_.poller().forget(*this);
  ::close(fd_);
}

// Setting clears what has expired, so the descriptor is never read: the next expiry is a new edge.
void Alarm::set(std::int64_t at_ns) {
  at_ns = std::max<std::int64_t>(at_ns, 1);  // 0 would disarm it
  itimerspec time{};
  time.it_value.tv_sec = at_ns / 1'000'000'000;
  time.it_value.tv_nsec = at_ns % 1'000'000'000;
  timerfd_settime(fd_, TFD_TIMER_ABSTIME, &time, nullptr);
}

void Alarm::on_ready(std::uint32_t) {
  on_time_();
}

}  // namespace relay::bench
