// One publisher's connection: messages written as they fall due, answers matched to them.
//
// In the open loop a late answer does not hold the next message back: up to `window` are under way (one,
// where the driver cannot pipeline), more wait in a queue with the time they were meant for. Owned by
// Publishers; loop thread only. A connection that ends makes what was under way unknown, and is dialled
// again.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "drivers/driver.hpp"
#include "load/exceptions.hpp"
#include "load/station.hpp"

namespace relay::bench {

class PublisherLink;

class Publisher final : public PublishSink {
 public:
  Publisher(Station& station, Exceptions& exceptions, std::uint32_t number);
  ~Publisher() override { close(); }

  std::uint32_t number() const { return number_; }
  bool is_open() const { return ready_; }
  // Nothing waits and nothing is under way.
  bool is_idle() const { return waiting_.empty() && under_way_.empty(); }

  // Dials if there is no connection; gives up on answers that are overdue. Every few milliseconds.
  void tick(std::int64_t now);
  // One more message, meant for `intended`. Sent now, or queued.
  void publish(std::int64_t intended);
  // Closed loop: as many as fit, and another for each answer, until halt().
  void run_closed();
  // Nothing more is begun; what waits is still sent.
  void halt() { halted_ = true; }
  // The end: what waits is not sent, what has no answer yet is unknown.
  void abandon();
  // Written now, not at the end of the turn: the reading of subscribers is not to delay it.
  void flush() {
    if (connection_ != nullptr) connection_->flush();
  }

 private:
  friend class PublisherLink;
  struct Message {
    std::int64_t intended;
    std::int64_t sent;
    std::uint32_t stream;
    std::uint32_t sequence;
    bool answered;
  };
  void dial();
  void on_data(std::string_view bytes);
  void on_cut();
  void drop(std::string_view kind, std::string_view why);
  void close();

  void on_ready() override;
  void on_answer(const PublishAnswer& answer) override;
  void on_refused(int status, std::string_view text) override;
  void reply(std::string_view bytes) override;

  bool has_room() const { return ready_ && under_way_.size() < window_; }
  void send(std::int64_t intended);
  void send_waiting();
  void leave_out(std::int64_t intended);
  void settle(Message& message, const PublishAnswer& answer);
  void fail(const Message& message, bool unknown, std::string_view kind, std::string_view why);

  Station& station_;
  Exceptions& exceptions_;
  net::Connection* connection_ = nullptr;
  PublisherLink* link_ = nullptr;  // its handler
  std::unique_ptr<PublishReader> reader_;
  std::deque<std::int64_t> waiting_;  // intended times
  std::deque<Message> under_way_;     // in the order of sending
  std::uint64_t first_ref_ = 1;       // of under_way_.front()
  std::uint64_t turn_ = 0;
  std::int64_t dial_at_ = 0;
  std::int64_t read_at_ = 0;
  std::size_t window_;
  std::string request_;
  std::string payload_;
  std::uint32_t number_;
  bool ready_ = false;
  bool closed_loop_ = false;
  bool halted_ = false;
};

}  // namespace relay::bench
