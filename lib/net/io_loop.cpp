#include "net/io_loop.hpp"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "net/connection.hpp"
#include "net/send_ring.hpp"

namespace relay::net {
namespace asio = boost::asio;

struct IoLoop::Asio {
  explicit Asio(asio::io_context& context)
      : work(asio::make_work_guard(context)), sockets(context), tick(context), flush_interval(context) {}
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::posix::stream_descriptor sockets;
  asio::steady_timer tick;
  asio::steady_timer flush_interval;
};

IoLoop::IoLoop(int index, const Clock& clock)
    : index_(index),
      clock_(clock),
      context_(1),
      wheel_(clock),
      read_buffer_(std::make_unique_for_overwrite<char[]>(kReadBufferBytes)),
      asio_(std::make_unique<Asio>(context_)) {
  asio_->sockets.assign(poller_.descriptor());
  asio_->tick.expires_after(TimerWheel::kTick);
  update_now();
  last_tick_ms_ = now_ms_;
}

IoLoop::~IoLoop() {
  end_flush_interval();
  deferred_.clear();  // whose work it was is gone
  end_turn();
  asio_->sockets.release();  // the poller closes it
}

void IoLoop::run() {
  thread_ = std::this_thread::get_id();
  char name[16];
  std::snprintf(name, sizeof name, "relayd/loop-%d", index_);
  pthread_setname_np(pthread_self(), name);
  if (use_send_ring_) {
    send_ring_ = SendRing::open();
    if (send_ring_ == nullptr) send_ring_error_ = errno;
  }
  wait_for_sockets();
  schedule_tick();
  context_.run();
  send_ring_.reset();  // it belongs to this thread
}

void IoLoop::stop() {
  context_.stop();
}

void IoLoop::post(std::function<void()> work) {
  asio::post(context_, std::move(work));
}

void IoLoop::update_now() {
  now_ms_ = std::chrono::duration_cast<Milliseconds>(clock_.steady().time_since_epoch()).count();
}

void IoLoop::wait_for_sockets() {
  asio_->sockets.async_wait(asio::posix::descriptor_base::wait_read, [this](boost::system::error_code error) {
    if (!error) turn();
  });
}

// While sockets keep coming the turn repeats by way of the queue, so that timers and the store get theirs.
void IoLoop::turn() {
  update_now();
  const bool more = poller_.dispatch();
  end_turn();
  if (more) {
    asio::post(context_, [this] { turn(); });
  } else {
    wait_for_sockets();
  }
}

void IoLoop::wake_sockets() {
  asio::post(context_, [this] {
    update_now();
    if (poller_.dispatch()) wake_sockets();
    end_turn();
  });
}

void IoLoop::schedule_tick() {
  asio_->tick.async_wait([this](boost::system::error_code error) {
    if (error) return;
    update_now();
    const auto late = std::chrono::steady_clock::now() - asio_->tick.expiry();
    lag_us_.store(std::chrono::duration_cast<std::chrono::microseconds>(late).count(),
                  std::memory_order_relaxed);
    last_tick_ms_.store(now_ms_, std::memory_order_relaxed);
    wheel_.advance();
    end_turn();
    asio_->tick.expires_at(asio_->tick.expiry() + TimerWheel::kTick);
    schedule_tick();
  });
}

void IoLoop::mark_dirty(Connection& connection) {
  dirty_.push_back(&connection);
  schedule_end_of_turn();
}

std::uint16_t IoLoop::begin_flush_interval() {
  if (interval_ != 0 || flush_interval_.count() == 0) return interval_;
  if (++last_interval_ == 0) ++last_interval_;
  interval_ = last_interval_;
  asio_->flush_interval.expires_after(flush_interval_);
  asio_->flush_interval.async_wait([this](boost::system::error_code error) {
    if (!error) end_flush_interval();
  });
  return interval_;
}

void IoLoop::end_flush_interval() {
  interval_ = 0;
  for (std::size_t i = 0; i < late_.size(); ++i) late_[i]->flush_at_end_of_interval();
  late_.clear();
}

void IoLoop::dispose(std::unique_ptr<Disposable> object) {
  graveyard_.push_back(std::move(object));
  schedule_end_of_turn();
}

void IoLoop::at_end_of_turn(std::function<void()> work) {
  deferred_.push_back(std::move(work));
  schedule_end_of_turn();
}

// Work that comes by way of Asio (replies of the store, posts) has no end of its own: this gives it one,
// behind everything that is ready already, so that one read of the store's replies becomes one write per
// subscriber.
void IoLoop::schedule_end_of_turn() {
  if (end_scheduled_) return;
  end_scheduled_ = true;
  asio::post(context_, [this] { end_turn(); });
}

// Hot: every byte to a client leaves here. One connection alone has nobody to share a call with. Beside
// send() to each, in turns on two cores: 0.90 (0.84 to 1.05) of the processor time a delivery in a fan-out to
// 1,000 (`relaybench fanout --subs 1000 --channels 1 --rate 40/s`, six rounds), 0.89 (0.77 to 1.18) of that a
// message in 1:1 with one loop (`relaybench pairs --closed --subs 1000 --pubs 16`, five), no difference with
// two, where a turn has little to write.
void IoLoop::flush_dirty() {
  const bool alone = dirty_.size() == 1;
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    if (alone || send_ring_ == nullptr || !dirty_[i]->offer(*send_ring_)) dirty_[i]->flush_at_end_of_turn();
    if (send_ring_ != nullptr && (send_ring_->full() || i + 1 == dirty_.size())) submit_sends();
  }
  dirty_.clear();
}

void IoLoop::submit_sends() {
  for (const SendRing::Outcome& outcome : send_ring_->submit())
    outcome.connection->on_outcome(outcome.sent, outcome.error, outcome.wanted);
  send_ring_error_ = send_ring_->error();
  if (send_ring_error_ != 0) send_ring_.reset();
}

void IoLoop::end_turn() {
  end_scheduled_ = true;  // flushing may mark and dispose: this very loop sees it
  while (!deferred_.empty() || !dirty_.empty() || !graveyard_.empty()) {
    for (const auto& work : std::exchange(deferred_, {})) work();
    flush_dirty();
    std::vector<std::unique_ptr<Disposable>> dead;
    dead.swap(graveyard_);
  }
  end_scheduled_ = false;
}

}  // namespace relay::net
