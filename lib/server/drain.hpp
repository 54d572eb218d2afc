// Ends the connections of a loop evenly over a time, so that a fleet of clients does not come back in one
// second. Loop thread only.
#pragma once

#include "net/connection.hpp"
#include "net/io_loop.hpp"
#include "net/timers.hpp"

namespace relay::server {

class Drain final : private net::TimerNode {
 public:
  // Starts at once; each connection's handler is told on_drain() once, in order of arrival.
  Drain(net::IoLoop& loop, net::ConnectionSet& connections, Milliseconds spread);

 private:
  void on_timer() override;

  net::IoLoop& loop_;
  net::ConnectionSet& connections_;
  std::int64_t turns_left_;
};

}  // namespace relay::server
