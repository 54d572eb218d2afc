// One stream of the bridge: GET <bridge.path>/events.
//
// The wire is that of the Go TON Connect bridge v3: a head and one line feed, which leave on their own (a
// client that finds events in the same read as the head may lose them) and only when the subscription is
// live, then
//     event: message LF  id: <decimal> LF  data: <one line of JSON> LF LF
// (over several partitions the id comes first: it is the stream's own, the floor of what it was given) and a
// heartbeat every bridge.heartbeat, whatever else is sent. A message for a client id whose own POST is not
// yet acknowledged waits for that (bridge_cork.hpp). Loop thread only; owned by its connection.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "base/prefetch.hpp"
#include "frontend/bridge_limits.hpp"
#include "frontend/bridge_params.hpp"
#include "frontend/context.hpp"
#include "frontend/http_session.hpp"
#include "hub/subscription.hpp"
#include "net/connection.hpp"

namespace relay::frontend {

// Messages of the bridge for this client id are on this channel.
inline constexpr std::string_view kBridgeChannelPrefix = "bridge:";
hub::ChannelName bridge_channel(std::string_view client_id);

SharedFrame encode_bridge(const hub::Message& message);

class BridgeSession final : public net::ConnectionHandler, public hub::Subscriber, public Listening {
 public:
  // What the stream was granted by its request.
  struct Terms {
    ExchangePtr exchange;  // the request, for its answer
    std::string head;      // of that answer, once the stream is live
    BridgeConnections::Lease lease;
    BridgeHeartbeat heartbeat = BridgeHeartbeat::kLegacy;
    bool http_1_0 = false;
  };
  BridgeSession(net::Connection& connection, LoopContext& context, Terms terms);
  ~BridgeSession() override;

  void subscribe(const BridgeEventsRequest& request);

  // net::ConnectionHandler
  void on_data(std::string_view) override {}
  void on_drained() override;
  void on_deadline() override;
  void on_drain() override;

  // hub::Subscriber
  void on_live(hub::Subscription& subscription) override;
  void on_message(hub::Subscription& subscription, hub::Delivery& delivery, bool replayed) override;
  void on_gap(hub::Subscription&, const hub::Gap&) override {}  // asked not to be told
  void on_failed(hub::Subscription& subscription, const Error& error) override;
  bool congested() const override { return corked_ != nullptr || connection_.congested(); }
  void expect_message() const override { prefetch(&connection_); }
  hub::SubscriberInfo info() const override;

  // Listening
  std::vector<hub::ChannelName> channels() const override;

 private:
  struct Opening {
    ExchangePtr exchange;
    std::string head;
  };
  struct Held {
    hub::DeliveryPtr delivery;
    MessageId id;
  };
  // Messages that wait for a POST to be acknowledged: the first `covered` for the same one.
  struct Corked {
    std::shared_ptr<BridgeSession*> session;  // cleared when the session goes before the wake-up
    std::deque<Held> messages;
    std::size_t covered = 0;
    std::size_t bytes = 0;
  };

  bool cork(const hub::Message& first);
  MessageId id_at(const hub::Message& message);
  void hold(Held held);
  void on_uncorked();
  void send_message(const Held& held);
  void send_event(const Held& held);
  bool make_room(const hub::Message& message, std::size_t queued);
  void send_frame(const SharedFrame& chunk);
  void set_deadline();
  void refuse(int status, std::string_view message);
  void end();

  net::Connection& connection_;
  LoopContext& context_;
  hub::Subscription subscription_{*this};
  std::unique_ptr<Opening> opening_;  // until live
  std::unique_ptr<Corked> corked_;
  BridgeConnections::Lease lease_;
  MessageId last_id_ = 0;           // told or asked for
  std::int64_t since_ms_;           // wall time
  std::int64_t next_heartbeat_ms_;  // steady time of the loop, as is the next one
  std::int64_t ends_at_ms_;         // of its lifetime; 0: never
  std::uint32_t number_;
  std::uint32_t client_ids_ = 0;
  const BridgeHeartbeat heartbeat_;
  const bool http_1_0_;
};

}  // namespace relay::frontend
