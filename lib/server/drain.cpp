#include "server/drain.hpp"

#include <algorithm>

namespace relay::server {

Drain::Drain(net::IoLoop& loop, net::ConnectionSet& connections, Milliseconds spread)
    : loop_(loop),
      connections_(connections),
      turns_left_(std::max<std::int64_t>(1, spread / net::TimerWheel::kTick)) {
  on_timer();
}

void Drain::on_timer() {
  std::size_t open = 0;
  connections_.for_each([&](net::Connection& connection) { open += connection.closing() ? 0 : 1; });
  // The share of this turn, rounded up: what is left is spread over the turns that are left.
  const auto turns = static_cast<std::size_t>(turns_left_);
  std::size_t share = (open + turns - 1) / turns;
  connections_.for_each([&](net::Connection& connection) {
    if (share == 0 || connection.closing()) return;
    connection.handler()->on_drain();
    --share;
  });
  turns_left_ = std::max<std::int64_t>(1, turns_left_ - 1);
  loop_.wheel().schedule(*this, net::TimerWheel::kTick);
}

}  // namespace relay::server
