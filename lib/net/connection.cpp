#include "net/connection.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "net/send_ring.hpp"
#include "net/tls.hpp"

namespace relay::net {
namespace {

constexpr std::size_t kGather = 64;  // frames per write: 64 of 200 bytes fill a typical send

// One piece, the usual case of a fan-out, goes without the header that the kernel would have to copy and
// check: 0.2 of 7 us (1,500 loopback sockets written in turns by both).
ssize_t write_pieces(int fd, iovec* pieces, std::size_t count) {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (count == 1) return ::send(fd, pieces->iov_base, pieces->iov_len, kFlags);
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, kFlags);
}

}  // namespace

Connection::Connection(IoLoop& loop, metrics::LoopMetrics& metrics, ConnectionSet& set, int fd,
                       const IpAddress& peer, std::unique_ptr<TlsChannel> tls)
    : loop_(loop), metrics_(metrics), set_(set), tls_(std::move(tls)), fd_(fd), peer_(peer) {
  set_.link(*this);
  metrics_.add(metrics::Gauge::kConnections, 1);
  if (!loop_.poller().add(fd_, *this)) close();
}

Connection::~Connection() = default;

void Connection::become(std::unique_ptr<ConnectionHandler> handler) {
  if (handler_ != nullptr) loop_.dispose(std::move(handler_));
  handler_ = std::move(handler);
}

bool Connection::enqueue(SharedFrame frame) {
  if (state_ != State::kOpen || frame.size() == 0) return false;
  queued_bytes_ += frame.size();
  was_congested_ = was_congested_ || congested();
  queue_.push_back(std::move(frame));
  return true;
}

void Connection::mark_dirty() {
  if (dirty_) return;
  dirty_ = true;
  loop_.mark_dirty(*this);
}

void Connection::send(SharedFrame frame) {
  if (enqueue(std::move(frame))) mark_dirty();
}

// Hot: once per message and stream.
void Connection::send_gathered(SharedFrame frame) {
  if (!enqueue(std::move(frame)) || dirty_) return;
  if (queued_bytes_ < kGatheredBytes && loop_.flush_interval_is(written_in_)) {
    if (!late_) loop_.mark_late(*this);
    late_ = true;
    return;
  }
  written_in_ = loop_.begin_flush_interval();
  mark_dirty();
}

void Connection::flush() {
  if (state_ == State::kClosed || blocked_) return;
  write_queue();
}

// Hot: once per turn for every connection with output.
void Connection::flush_at_end_of_turn() {
  dirty_ = false;
  if (state_ == State::kClosed || blocked_ || !write_queue()) return;
  after_flush();
}

// A queue of many pieces is so few writes per byte that it needs no ring.
bool Connection::offer(SendRing& ring) {
  if (state_ == State::kClosed || blocked_ || queued_bytes_ == 0 || tls_ != nullptr) return false;
  if (queue_.size() - head_ > SendRing::kMaxPieces) return false;
  std::size_t wanted = 0;
  const std::size_t count = gather(ring.pieces(), wanted);
  ring.add(*this, fd_, count, wanted);
  return true;
}

void Connection::on_outcome(ssize_t sent, int error, std::size_t wanted) {
  dirty_ = false;
  if (wrote(sent, error, wanted) && write_queue()) after_flush();
}

void Connection::after_flush() {
  if (state_ == State::kFlushing && queued_bytes_ == 0) start_linger();
  // The socket took it all at once: no edge will come to say so. A turn of its own, so that others get
  // theirs.
  if (state_ == State::kOpen && drained()) {
    loop_.poller().again(*this);
    loop_.wake_sockets();
  }
}

void Connection::flush_at_end_of_interval() {
  late_ = false;
  if (state_ == State::kClosed) return loop_.dispose(std::unique_ptr<Disposable>(this));
  if (queued_bytes_ == 0) return;
  written_in_ = loop_.begin_flush_interval();
  mark_dirty();
}

std::size_t Connection::gather(std::span<iovec> pieces, std::size_t& wanted) const {
  std::size_t count = 0;
  wanted = 0;
  for (std::size_t i = head_; i < queue_.size() && count < pieces.size(); ++i, ++count) {
    const std::size_t skip = i == head_ ? sent_of_head_ : 0;
    pieces[count] = {const_cast<char*>(queue_[i].data()) + skip, queue_[i].size() - skip};
    wanted += pieces[count].iov_len;
  }
  return count;
}

bool Connection::write_queue() {
  while (queued_bytes_ > 0 && !blocked_) {
    iovec pieces[kGather];
    std::size_t wanted = 0;
    const std::size_t count = gather(pieces, wanted);
    const ssize_t sent = tls_ != nullptr ? tls_->write(pieces, count) : write_pieces(fd_, pieces, count);
    if (!wrote(sent, sent < 0 ? errno : 0, wanted)) return false;
  }
  return true;
}

bool Connection::wrote(ssize_t sent, int error, std::size_t wanted) {
  metrics_.add(metrics::Counter::kWriteCalls);
  if (sent < 0 && error == EINTR) return true;
  if (sent < 0 && error != EAGAIN && error != EWOULDBLOCK) {
    close();
    return false;
  }
  if (sent > 0) {
    metrics_.add(metrics::Counter::kSentBytes, sent);
    forget_sent(static_cast<std::size_t>(sent));
  }
  // A short write means a full socket: the next try would only say EAGAIN, the edge says it for free.
  blocked_ = sent < 0 || (static_cast<std::size_t>(sent) < wanted && tls_ == nullptr);
  return true;
}

void Connection::forget_sent(std::size_t bytes) {
  queued_bytes_ -= bytes;
  if (queued_bytes_ == 0) {
    queue_.clear();
    if (queue_.capacity() > 16) queue_.shrink_to_fit();
    head_ = sent_of_head_ = 0;
    return;
  }
  bytes += sent_of_head_;
  while (bytes >= queue_[head_].size()) {
    bytes -= queue_[head_].size();
    queue_[head_] = SharedFrame();
    ++head_;
  }
  sent_of_head_ = static_cast<std::uint32_t>(bytes);
  if (head_ > 1024 && head_ > queue_.size() / 2) {
    queue_.erase(queue_.begin(), queue_.begin() + head_);
    head_ = 0;
  }
}

void Connection::on_ready(std::uint32_t events) {
  if (state_ == State::kClosed) return;
  if ((events & EPOLLOUT) != 0 && blocked_) {
    blocked_ = false;
    if (!write_queue()) return;
    if (state_ == State::kFlushing && queued_bytes_ == 0) start_linger();
  }
  if (state_ == State::kOpen && drained()) {
    was_congested_ = false;
    handler_->on_drained();
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 && state_ != State::kClosed) read(events);
}

void Connection::read(std::uint32_t events) {
  if (paused_) {
    unread_ = true;
    return;
  }
  for (int i = 0; i < kReadsPerTurn; ++i) {
    char* buffer = loop_.read_buffer();
    const ssize_t got = tls_ != nullptr ? tls_->read(buffer, IoLoop::kReadBufferBytes)
                                        : ::recv(fd_, buffer, IoLoop::kReadBufferBytes, MSG_DONTWAIT);
    if (got == 0) return on_input_ended();
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK)
        close();
      else if (tls_ != nullptr && queued_bytes_ > 0)
        flush();  // the handshake moved on
      return;
    }
    metrics_.add(metrics::Counter::kReceivedBytes, got);
    if (state_ == State::kOpen) handler_->on_data({buffer, static_cast<std::size_t>(got)});
    if (state_ == State::kClosed) return;
    if (paused_) {
      unread_ = true;
      return;
    }
    // A short read emptied the socket; what comes later, its end included, makes a new edge.
    const bool emptied = tls_ == nullptr && static_cast<std::size_t>(got) < IoLoop::kReadBufferBytes;
    if (emptied && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return;
  }
  loop_.poller().again(*this);
}

void Connection::on_input_ended() {
  input_ended_ = true;
  if (state_ == State::kOpen && handler_->on_end_of_input()) return;
  if (state_ == State::kFlushing) return;
  if (state_ == State::kOpen && queued_bytes_ > 0) return close_after_flush();  // answers of this very turn
  close();
}

void Connection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (unread_ && state_ == State::kOpen) {
    unread_ = false;
    loop_.poller().again(*this);
    loop_.wake_sockets();
  }
}

void Connection::on_timer() {
  if (state_ == State::kLingering || state_ == State::kFlushing) {
    close();
  } else if (state_ == State::kOpen) {
    handler_->on_deadline();
  }
}

void Connection::close_after_flush() {
  if (state_ != State::kOpen) return;
  state_ = State::kFlushing;
  paused_ = false;
  loop_.wheel().schedule(*this, kLinger);
  mark_dirty();
}

// A close with unread input sends a reset, which may overtake the last answer on its way: end our side, and
// let the peer close first.
void Connection::start_linger() {
  if (input_ended_) return close();
  state_ = State::kLingering;
  if (tls_ != nullptr) tls_->shut_down();
  ::shutdown(fd_, SHUT_WR);
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  clear_deadline();
  loop_.poller().forget(*this);
  tls_.reset();
  ::close(fd_);
  queue_.clear();
  queued_bytes_ = 0;
  metrics_.add(metrics::Gauge::kConnections, -1);
  set_.unlink(*this);
  if (handler_ != nullptr) loop_.dispose(std::move(handler_));
  if (!late_) loop_.dispose(std::unique_ptr<Disposable>(this));  // else the end of the interval does
}

void ConnectionSet::link(Connection& connection) {
  connection.previous_ = last_;
  (last_ == nullptr ? first_ : last_->next_) = &connection;
  last_ = &connection;
  ++size_;
}

void ConnectionSet::unlink(Connection& connection) {
  (connection.previous_ == nullptr ? first_ : connection.previous_->next_) = connection.next_;
  (connection.next_ == nullptr ? last_ : connection.next_->previous_) = connection.previous_;
  --size_;
}

void ConnectionSet::close_all() {
  for_each([](Connection& connection) { connection.close(); });
}

}  // namespace relay::net
