// One event loop: a thread, an Asio context for timers and outgoing links, and a Poller for client sockets.
//
// Everything that belongs to a loop is touched on its thread only; post() is the way in from other threads.
// A turn is: wait; handle what is ready; run the end of the turn, which flushes every connection that has
// output (one gathered write each) and destroys what was closed. Objects closed within a turn stay valid
// until its end, so nobody on the stack is pulled away.
//
// Flush intervals: the first message of a stream leaves with its turn and begins an interval; what follows on
// a stream that was written within it waits for its end. So a quiet stream waits for nothing, and a busy one
// is written once per interval, whatever its rate. An interval in which nobody waited is followed by none.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "net/poller.hpp"
#include "net/timers.hpp"

namespace relay::net {

class Connection;
class SendRing;

// What waits for the end of the turn to be destroyed.
class Disposable {
 public:
  virtual ~Disposable() = default;
};

class IoLoop {
 public:
  explicit IoLoop(int index, const Clock& clock = system_clock());
  ~IoLoop();  // REQUIRES: run() has returned
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  int index() const { return index_; }
  const Clock& clock() const { return clock_; }
  boost::asio::io_context& context() { return context_; }
  Poller& poller() { return poller_; }
  TimerWheel& wheel() { return wheel_; }

  void run();                             // on the loop's thread, until stop()
  void stop();                            // any thread
  void post(std::function<void()> work);  // any thread; runs on the loop's thread, in order
  bool is_current() const { return std::this_thread::get_id() == thread_; }

  // Called by Connection: has output to flush at the end of this turn.
  void mark_dirty(Connection& connection);
  // Of streams that were written within it. Zero (the beginning): a write at the end of each turn.
  void set_flush_interval(Milliseconds length) { flush_interval_ = length; }
  // Whether run() opens a SendRing. Before run().
  void use_send_ring(bool use) { use_send_ring_ = use; }
  bool has_send_ring() const { return send_ring_ != nullptr; }  // loop thread
  // The errno of a ring that was not to be had, or that the kernel failed since; 0 if neither.
  int send_ring_error() const { return send_ring_error_; }
  // Called by Connection: the running interval, or a new one; 0 if there are none.
  std::uint16_t begin_flush_interval();
  bool flush_interval_is(std::uint16_t number) const { return number != 0 && number == interval_; }
  // Called by Connection: is flushed at the end of the running interval.
  void mark_late(Connection& connection) { late_.push_back(&connection); }
  // Runs the poller once although no socket has news: somebody asked for again().
  void wake_sockets();
  // Runs when the turn's input has been handled, before its output is flushed. Loop thread.
  void at_end_of_turn(std::function<void()> work);
  // Destroyed at the end of this turn.
  void dispose(std::unique_ptr<Disposable> object);
  // Steady milliseconds, read once per turn: good enough for idle and stall times.
  std::int64_t now_ms() const { return now_ms_; }
  // How late the last timer tick came, in microseconds, and when it came: watchdog and metric read these.
  std::int64_t lag_us() const { return lag_us_.load(std::memory_order_relaxed); }
  std::int64_t last_tick_ms() const { return last_tick_ms_.load(std::memory_order_relaxed); }

  // Shared by all connections of the loop: bytes are handled before the next read.
  static constexpr std::size_t kReadBufferBytes = 64 * 1024;
  char* read_buffer() { return read_buffer_.get(); }

 private:
  void wait_for_sockets();
  void turn();
  void schedule_tick();
  void schedule_end_of_turn();
  void end_turn();
  void flush_dirty();
  void submit_sends();
  void end_flush_interval();
  void update_now();

  const int index_;
  const Clock& clock_;
  boost::asio::io_context context_;
  std::thread::id thread_;
  Poller poller_;
  TimerWheel wheel_;
  std::unique_ptr<char[]> read_buffer_;
  std::vector<std::function<void()>> deferred_;  // to the end of the turn
  std::vector<Connection*> dirty_;
  std::vector<Connection*> late_;
  std::vector<std::unique_ptr<Disposable>> graveyard_;
  std::unique_ptr<SendRing> send_ring_;
  bool use_send_ring_ = false;
  int send_ring_error_ = 0;
  bool end_scheduled_ = false;
  std::uint16_t interval_ = 0;       // that runs; 0: none
  std::uint16_t last_interval_ = 0;  // a stream that took part in its namesake waits once for nothing
  Milliseconds flush_interval_{0};
  std::int64_t now_ms_ = 0;
  std::atomic<std::int64_t> lag_us_{0};
  std::atomic<std::int64_t> last_tick_ms_{0};

  struct Asio;  // the descriptor and the timer, kept out of this header
  std::unique_ptr<Asio> asio_;
};

}  // namespace relay::net
