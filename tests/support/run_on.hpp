// Work for a loop that runs on a thread of its own.
#pragma once

#include <functional>
#include <future>

#include "net/io_loop.hpp"

namespace relay::test {

// Runs `work` on the loop's thread and waits for its end, which comes before that of the turn: the end is
// queued when `work` returns, and work posted by then may overtake it. REQUIRES: the loop runs, on another
// thread.
inline void run_on(net::IoLoop& loop, const std::function<void()>& work) {
  std::promise<void> done;
  loop.post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace relay::test
