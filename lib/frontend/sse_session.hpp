// One native SSE stream: GET /v1/events.
//
// It is born from an HTTP request, subscribes, writes its head when the subscription is live, and from then
// on only queues shared frames. Idle it is this object, its connection and its topic: no buffer, no timer of
// its own (the connection's place in the loop's wheel serves heartbeats). A stream is read-only: what the
// client sends after its request is dropped. Loop thread only; owned by its connection.
#pragma once

#include <memory>
#include <string>

#include "base/prefetch.hpp"
#include "frontend/context.hpp"
#include "frontend/http_session.hpp"
#include "frontend/skip_log.hpp"
#include "hub/subscription.hpp"
#include "net/connection.hpp"

namespace relay::frontend {

class SseSession final : public net::ConnectionHandler, public hub::Subscriber, public Listening {
 public:
  SseSession(net::Connection& connection, LoopContext& context, std::string head, bool http_1_0, bool json);
  ~SseSession() override;

  void subscribe(hub::StreamRequest request);

  // net::ConnectionHandler
  void on_data(std::string_view) override {}
  void on_drained() override;
  void on_deadline() override;
  void on_drain() override;

  // hub::Subscriber
  void on_live(hub::Subscription& subscription) override;
  void on_message(hub::Subscription& subscription, hub::Delivery& delivery, bool replayed) override;
  void on_gap(hub::Subscription& subscription, const hub::Gap& gap) override;
  void on_failed(hub::Subscription& subscription, const Error& error) override;
  bool congested() const override { return connection_.congested(); }
  void expect_message() const override { prefetch(&connection_); }
  hub::SubscriberInfo info() const override;

  // Listening
  std::vector<hub::ChannelName> channels() const override;
  bool take_unasked(hub::Delivery& delivery) override;

 private:
  void send_whole(hub::Delivery& delivery);
  void send_joint(hub::Delivery& delivery);
  void send_text(std::string_view event_stream_text);
  void send_frame(SharedFrame frame);
  bool make_room(std::size_t bytes, const hub::Message& message);
  void tell_skipped();

  net::Connection& connection_;
  LoopContext& context_;
  hub::Subscription subscription_{*this};
  std::unique_ptr<std::string> head_;  // until live
  std::int64_t since_ms_;
  SkipLog skipped_;
  std::uint32_t number_;
  bool http_1_0_ : 1;
  bool json_ : 1;
};

}  // namespace relay::frontend
