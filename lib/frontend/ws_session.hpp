// One WebSocket of the channels front-end: GET /v1/ws.
//
// Frames in become commands (ws_commands.cpp); messages out are shared text frames. Each `subscribe` is a
// Subscription of its own; the channels named in the URL are one, with one cursor. Idle it is this object,
// its connection and its topics. Loop thread only; owned by its connection.
#pragma once

#include <boost/container/small_vector.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/prefetch.hpp"
#include "frontend/context.hpp"
#include "frontend/http_session.hpp"
#include "frontend/skip_log.hpp"
#include "hub/subscription.hpp"
#include "net/connection.hpp"
#include "wire/websocket.hpp"

namespace relay::frontend {

class WsSession;
// What a session does with a whole message of its client, text or binary.
using WsReceiver = void (*)(WsSession& session, const wire::WsEvent& message);

class WsSession final : public net::ConnectionHandler, public hub::Subscriber, public Listening {
 public:
  enum class Format : std::uint8_t { kJson, kRaw };
  // `handshake` is the 101 answer; it leaves when the URL's channels are live.
  WsSession(net::Connection& connection, LoopContext& context, Format format, std::string handshake,
            WsReceiver receive);
  ~WsSession() override;

  // Subscribes to the URL's channels (may be none); then handshake, welcome, subscribed.
  void start(hub::StreamRequest request);

  std::string client_id() const { return context_.client_id(number_); }
  std::uint32_t number() const { return number_; }
  LoopContext& context() { return context_; }
  // Queues a frame of its own.
  void send(wire::WsOpcode opcode, std::string_view payload);
  // The same for the protocol's own words (answers, errors), which a raw socket is not told.
  void send_json(std::string_view json);
  // Queues the message, if there is room; a client that does not read is closed, or skips what is ephemeral.
  void send_message(hub::Delivery& delivery);
  void send_error(std::string_view ref_member, std::string_view code, std::string_view message);
  void close(std::uint16_t code, std::string_view reason);

  // For ws_commands; they answer by themselves. `ref_member` is `,"ref":…` or empty.
  void subscribe(const hub::ChannelName& channel, std::optional<hub::Cursor> after, std::string ref_member);
  void unsubscribe(std::string_view channel, std::string_view ref_member);

  // net::ConnectionHandler
  void on_data(std::string_view bytes) override;
  void on_drained() override;
  void on_deadline() override;
  void on_drain() override;
  void on_kicked(std::string_view reason) override;

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
  // One subscribe command, or the URL's.
  struct Request {
    Request(WsSession& session, std::vector<hub::ChannelName> channels, std::string ref_member)
        : subscription(session),
          count(static_cast<std::uint32_t>(channels.size())),
          asked(new Asked{std::move(channels), std::move(ref_member)}) {}
    std::vector<hub::ChannelName> channels() const {
      return asked != nullptr ? asked->channels : subscription.channels();
    }
    struct Asked {
      std::vector<hub::ChannelName> channels;
      std::string ref_member;  // `,"ref":…` or empty
    };
    hub::Subscription subscription;
    std::uint32_t count;
    std::unique_ptr<Asked> asked;  // until live; then the subscription knows
  };

  void open();
  void on_event(wire::WsEvent event);
  void send_frame(std::string_view bytes);
  void send_joint(const hub::Subscription& subscription, hub::Delivery& delivery);
  bool make_room(std::size_t bytes, const hub::Message& message);
  bool has_room(std::size_t bytes);
  void drop_slow_client();
  void tell_skipped();
  Request* find(std::string_view channel);
  Request& request_of(const hub::Subscription& subscription);
  Request& add(std::vector<hub::ChannelName> channels, std::string ref_member);
  void drop(Request& request);

  net::Connection& connection_;
  LoopContext& context_;
  wire::WsParser parser_;
  boost::container::small_vector<std::unique_ptr<Request>, 1> requests_;
  std::unique_ptr<std::string> handshake_;  // until open
  SkipLog skipped_;
  std::int64_t since_ms_;
  std::int64_t heard_ms_ = 0;  // when the client last sent anything
  std::uint32_t number_;
  std::uint32_t channel_count_ = 0;
  WsReceiver receive_;
  Format format_;
  bool ping_sent_ = false;
  bool close_sent_ = false;
};

// A text message of a client, carried out.
void run_ws_command(WsSession& session, const std::string& text);

}  // namespace relay::frontend
