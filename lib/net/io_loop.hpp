// One event loop: a thread, an Asio context for timers and outgoing links, and a Poller for client sockets.
//
// Everything that belongs to a loop is touched on its thread only; post() is the way in from other threads.
// A turn is: wait; handle what is ready; run the end-of-turn work (flush every connection that has output).
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "base/clock.hpp"

namespace relay::net {

class IoLoop {
 public:
  explicit IoLoop(int index, const Clock& clock = system_clock());
  ~IoLoop();  // REQUIRES: run() has returned
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  int index() const { return index_; }
  const Clock& clock() const { return clock_; }
  boost::asio::io_context& context() { return context_; }

  void run();                              // on the loop's thread, until stop()
  void stop();                             // any thread
  void post(std::function<void()> work);   // any thread; runs on the loop's thread, in order
  bool is_current() const { return std::this_thread::get_id() == thread_; }

 private:
  const int index_;
  const Clock& clock_;
  boost::asio::io_context context_;
  std::thread::id thread_;
};

}  // namespace relay::net
