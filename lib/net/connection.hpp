// One client socket: reads into the loop's buffer, writes from a queue of shared frames.
//
// A Connection belongs to one loop and lives in its ConnectionSet until close(). It has one handler at a
// time, the protocol session, which it owns; become() changes it (HTTP → SSE). Whatever a turn queues leaves
// in one gathered write at the end of the turn. No call here destroys the connection or its handler before
// then.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/shared_frame.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/address.hpp"
#include "net/io_loop.hpp"
#include "net/poller.hpp"
#include "net/timers.hpp"

namespace relay::net {

class Connection;
class SendRing;
class TlsChannel;

class ConnectionHandler : public Disposable {
 public:
  // Everything that was read; the handler keeps what it cannot use yet.
  virtual void on_data(std::string_view bytes) = 0;
  // The peer will send no more. True keeps the connection open for what is still to be written.
  virtual bool on_end_of_input() { return false; }
  // The queue is below kResumeBytes again after it was congested().
  virtual void on_drained() {}
  // The deadline of set_deadline() is here.
  virtual void on_deadline() {}
  // The server goes away: end what you do politely, soon.
  virtual void on_drain() {}
  // An operator wants this client gone; `reason` is theirs.
  virtual void on_kicked(std::string_view reason) {
    (void)reason;
    on_drain();
  }
};

// Connections in order of arrival; intrusive.
class ConnectionSet;

class Connection final : public Disposable, public Pollable, private TimerNode {
 public:
  // Takes the descriptor (non-blocking) and links itself into `set`, which owns it from then on.
  Connection(IoLoop& loop, metrics::LoopMetrics& metrics, ConnectionSet& set, int fd, const IpAddress& peer,
             std::unique_ptr<TlsChannel> tls);
  ~Connection() override;

  IoLoop& loop() { return loop_; }
  metrics::LoopMetrics& metrics() { return metrics_; }
  const IpAddress& peer() const { return peer_; }
  ConnectionHandler* handler() { return handler_.get(); }
  // The old handler is destroyed at the end of the turn.
  void become(std::unique_ptr<ConnectionHandler> handler);

  // Queued until the end of the turn. Nothing is queued once closing.
  void send(SharedFrame frame);
  void send_copy(std::string_view bytes) { send(SharedFrame::copy_of(bytes)); }
  // The same for a message that others may follow at once: a connection that was written within the loop's
  // flush interval waits for its end, and what comes meanwhile leaves in the same write. With kGatheredBytes
  // it waits no longer.
  void send_gathered(SharedFrame frame);
  // Writes now what the socket takes.
  void flush();
  std::size_t queued_bytes() const { return queued_bytes_; }

  // Above kCongestedBytes a replay waits for on_drained().
  static constexpr std::size_t kCongestedBytes = 128 * 1024;
  static constexpr std::size_t kResumeBytes = 32 * 1024;
  bool congested() const { return queued_bytes_ > kCongestedBytes; }

  // Stop and start reading: a handler that still works on the last request bounds its input so.
  void pause_reading() { paused_ = true; }
  void resume_reading();

  void set_deadline(Milliseconds delay) { loop_.wheel().schedule(*this, delay); }
  void clear_deadline() { TimerWheel::cancel(*this); }

  // What is queued is written first, then the end of output is told, and the peer gets kLinger to close.
  void close_after_flush();
  // Now; what is queued is lost.
  void close();
  bool closing() const { return state_ != State::kOpen; }

 private:
  friend class IoLoop;
  friend class ConnectionSet;
  enum class State : std::uint8_t { kOpen, kFlushing, kLingering, kClosed };
  static constexpr Milliseconds kLinger{2000};
  static constexpr int kReadsPerTurn = 8;
  static constexpr std::size_t kGatheredBytes = 16 * 1024;

  void on_ready(std::uint32_t events) override;
  void on_timer() override;
  void read(std::uint32_t events);
  void on_input_ended();
  bool enqueue(SharedFrame frame);  // false: nothing is queued
  void mark_dirty();
  void flush_at_end_of_turn();
  // The same by way of the ring, in two halves: what is to be written goes into it, what became of that comes
  // back. False: nothing is in it, flush_at_end_of_turn() does the work.
  bool offer(SendRing& ring);
  void on_outcome(ssize_t sent, int error, std::size_t wanted);
  void flush_at_end_of_interval();
  void after_flush();
  // The next pieces of the queue; returns how many, and in `wanted` their bytes.
  std::size_t gather(std::span<iovec> pieces, std::size_t& wanted) const;
  bool write_queue();  // false: closed by an error
  // What became of a write of `wanted` bytes. False: closed by an error.
  bool wrote(ssize_t sent, int error, std::size_t wanted);
  bool drained() const { return was_congested_ && queued_bytes_ < kResumeBytes; }
  void forget_sent(std::size_t bytes);
  void start_linger();

  IoLoop& loop_;
  metrics::LoopMetrics& metrics_;
  ConnectionSet& set_;
  Connection* previous_ = nullptr;
  Connection* next_ = nullptr;
  std::unique_ptr<ConnectionHandler> handler_;
  std::unique_ptr<TlsChannel> tls_;
  boost::container::small_vector<SharedFrame, 2> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint32_t head_ = 0;          // frames of queue_ that are sent whole
  std::uint32_t sent_of_head_ = 0;  // bytes of the next one that are sent
  int fd_;
  IpAddress peer_;
  std::uint16_t written_in_ = 0;  // the flush interval of the last write of send_gathered()
  State state_ = State::kOpen;
  bool dirty_ : 1 = false;
  bool late_ : 1 = false;     // stands in the loop's list of those that wait for the end of the interval
  bool blocked_ : 1 = false;  // the socket took no more; an edge will tell
  bool was_congested_ : 1 = false;
  bool paused_ : 1 = false;
  bool unread_ : 1 = false;  // an edge came while paused
  bool input_ended_ : 1 = false;
};

class ConnectionSet {
 public:
  ConnectionSet() = default;
  ~ConnectionSet() { close_all(); }
  ConnectionSet(const ConnectionSet&) = delete;
  ConnectionSet& operator=(const ConnectionSet&) = delete;
  std::size_t size() const { return size_; }
  // `visit` may close the connection it is given, no other.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (Connection* at = first_; at != nullptr;) {
      Connection* next = at->next_;
      visit(*at);
      at = next;
    }
  }
  void close_all();

 private:
  friend class Connection;
  void link(Connection& connection);
  void unlink(Connection& connection);
  Connection* first_ = nullptr;
  Connection* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace relay::net
