#include "frontend/ws_session.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "frontend/cors.hpp"
#include "frontend/errors.hpp"
#include "frontend/frames.hpp"
#include "frontend/handlers.hpp"
#include "frontend/parameters.hpp"
#include "wire/ws_handshake.hpp"

namespace relay::frontend {
namespace {

using metrics::Counter;
using metrics::Gauge;

const SharedFrame& ping_frame() {
  static const SharedFrame frame = [] {
    std::string bytes;
    wire::append_frame(bytes, wire::WsOpcode::kPing, {});
    return SharedFrame::copy_of(bytes);
  }();
  return frame;
}

void receive_command(WsSession& session, const wire::WsEvent& message) {
  if (message.kind == wire::WsEvent::Kind::kText) return run_ws_command(session, message.payload);
  session.close(wire::kWsUnsupportedData, "text messages only");
}

void receive_nothing(WsSession& session, const wire::WsEvent&) {
  session.close(wire::kWsUnsupportedData, "a raw WebSocket only listens");
}

}  // namespace

WsSession::WsSession(net::Connection& connection, LoopContext& context, Format format, std::string handshake,
                     WsReceiver receive)
    : connection_(connection),
      context_(context),
      parser_(wire::WsParser::Role::kServer,
              static_cast<std::size_t>(context.settings->options.websocket.max_message_bytes)),
      handshake_(std::make_unique<std::string>(std::move(handshake))),
      since_ms_(context.loop.clock().wall_ms()),
      heard_ms_(context.loop.now_ms()),
      number_(context.enlist(connection, *this)),
      receive_(receive),
      format_(format) {
  context_.metrics.add(Gauge::kClientsWebSocket, 1);
  context_.metrics.add(Counter::kWebSocketsAccepted);
}

WsSession::~WsSession() {
  context_.delist(number_);
  context_.metrics.add(Gauge::kClientsWebSocket, -1);
}

void WsSession::start(hub::StreamRequest request) {
  if (request.channels.empty()) return open();
  connection_.pause_reading();  // frames before the handshake have no meaning
  Request& mine = add(request.channels, {});
  context_.hub.subscribe(mine.subscription, std::move(request));
}

void WsSession::open() {
  if (handshake_ == nullptr) return;
  std::string out = std::move(*handshake_);
  handshake_.reset();
  if (format_ == Format::kJson) {
    wire::append_frame(out, wire::WsOpcode::kText,
                       "{\"type\":\"welcome\",\"clientId\":" + json_string(client_id()) +
                           ",\"instance\":" + json_string(context_.shared.instance_id) + "}");
  }
  connection_.send_copy(out);
  connection_.resume_reading();
  const options::WebsocketOptions& options = context_.settings->options.websocket;
  if (options.ping_interval.count() > 0) connection_.set_deadline(options.ping_interval);
}

void WsSession::send_json(std::string_view json) {
  if (format_ == Format::kJson) send(wire::WsOpcode::kText, json);
}

void WsSession::send(wire::WsOpcode opcode, std::string_view payload) {
  std::string frame;
  wire::append_frame(frame, opcode, payload);
  send_frame(frame);
}

// Hot: once per message and socket.
void WsSession::send_message(hub::Delivery& delivery) {
  if (context_.is_excluded(number_, delivery.message())) return;
  SharedFrame frame = format_ == Format::kJson ? delivery.frame(hub::WireForm::kWsJson, encode_ws_json)
                                               : delivery.frame(hub::WireForm::kWsRaw, encode_ws_raw);
  if (make_room(frame.size(), delivery.message())) connection_.send_gathered(std::move(frame));
}

bool WsSession::take_unasked(hub::Delivery& delivery) {
  if (handshake_ != nullptr) return false;
  send_message(delivery);
  return true;
}

// One message in two fragments: the cursor is this subscription's own, the rest is shared.
void WsSession::send_joint(const hub::Subscription& subscription, hub::Delivery& delivery) {
  if (context_.is_excluded(number_, delivery.message())) return;
  SharedFrame rest = delivery.frame(hub::WireForm::kWsJsonRest, encode_ws_json_rest);
  const std::string first = ws_cursor_fragment(subscription.cursor().text());
  if (!make_room(first.size() + rest.size(), delivery.message())) return;
  connection_.send_gathered(SharedFrame::copy_of(first));
  connection_.send_gathered(std::move(rest));
}

bool WsSession::make_room(std::size_t bytes, const hub::Message& message) {
  if (has_room(bytes)) {
    if (!skipped_.empty()) tell_skipped();
    return true;
  }
  if (message.ttl_ms() != 0) {
    drop_slow_client();
  } else {
    context_.metrics.add(Counter::kMessagesDroppedEphemeralSlow);
    skipped_.note(message);
  }
  return false;
}

void WsSession::tell_skipped() {
  for (const hub::Gap& gap : skipped_.take()) {
    context_.metrics.add(Counter::kGaps);
    send_json(gap_json(gap, true));
  }
}

void WsSession::send_frame(std::string_view bytes) {
  if (!has_room(bytes.size())) return drop_slow_client();
  connection_.send_copy(bytes);
}

void WsSession::send_error(std::string_view ref_member, std::string_view code, std::string_view message) {
  send_json("{\"type\":\"error\"" + std::string(ref_member) + ",\"code\":" + json_string(code) +
            ",\"message\":" + json_string(message) + "}");
}

void WsSession::close(std::uint16_t code, std::string_view reason) {
  if (close_sent_ || connection_.closing()) return;
  if (handshake_ != nullptr) return connection_.close();
  close_sent_ = true;
  std::string frame;
  wire::append_frame(frame, wire::WsOpcode::kClose, wire::close_payload(code, reason));
  connection_.send_copy(frame);
  connection_.close_after_flush();
}

bool WsSession::has_room(std::size_t bytes) {
  const auto most = static_cast<std::size_t>(context_.settings->options.client.max_queue_bytes);
  if (connection_.queued_bytes() + bytes > most) connection_.flush();
  return connection_.queued_bytes() + bytes <= most;
}

void WsSession::drop_slow_client() {
  if (connection_.closing()) return;
  context_.metrics.add(Counter::kSlowClientsClosed);
  connection_.close();
}

void WsSession::on_data(std::string_view bytes) {
  if (handshake_ != nullptr) return connection_.close();  // a client waits for the handshake (RFC 6455 §4.1)
  heard_ms_ = context_.loop.now_ms();
  ping_sent_ = false;
  while (!bytes.empty() && !connection_.closing()) {
    wire::WsEvent event = parser_.next(bytes);
    if (event.kind == wire::WsEvent::Kind::kNeedMore) return;
    on_event(std::move(event));
  }
}

void WsSession::on_event(wire::WsEvent event) {
  using Kind = wire::WsEvent::Kind;
  switch (event.kind) {
    case Kind::kText:
    case Kind::kBinary:
      return receive_(*this, event);
    case Kind::kPing:
      return send(wire::WsOpcode::kPong, event.payload);
    case Kind::kClose:
      return close(event.close_code == wire::kWsNoStatus ? std::uint16_t{wire::kWsNormal} : event.close_code,
                   {});
    case Kind::kError:
      return close(event.close_code, event.payload);
    case Kind::kPong:
    case Kind::kNeedMore:
      return;
  }
}

void WsSession::on_deadline() {
  const options::WebsocketOptions& options = context_.settings->options.websocket;
  if (ping_sent_) return connection_.close();  // nothing was heard since: the other end is gone
  const std::int64_t silent = context_.loop.now_ms() - heard_ms_;
  if (silent < options.ping_interval.count()) {
    return connection_.set_deadline(options.ping_interval - Milliseconds(silent));
  }
  ping_sent_ = true;
  connection_.send(ping_frame());
  connection_.set_deadline(options.pong_timeout);
}

void WsSession::on_drained() {
  for (std::size_t i = 0; i < requests_.size(); ++i) context_.hub.continue_replay(requests_[i]->subscription);
}

void WsSession::on_drain() {
  close(wire::kWsServiceRestart, "the server restarts; come back");
}

void WsSession::on_kicked(std::string_view reason) {
  close(wire::kWsPolicyViolation, reason.empty() ? "an operator closed this connection" : reason);
}

WsSession::Request* WsSession::find(std::string_view channel) {
  for (const auto& request : requests_) {
    for (const hub::ChannelName& name : request->channels()) {
      if (name.view() == channel) return request.get();
    }
  }
  return nullptr;
}

WsSession::Request& WsSession::request_of(const hub::Subscription& subscription) {
  return **std::find_if(requests_.begin(), requests_.end(),
                        [&](const auto& request) { return &request->subscription == &subscription; });
}

WsSession::Request& WsSession::add(std::vector<hub::ChannelName> channels, std::string ref_member) {
  channel_count_ += static_cast<std::uint32_t>(channels.size());
  return *requests_.emplace_back(
      std::make_unique<Request>(*this, std::move(channels), std::move(ref_member)));
}

void WsSession::drop(Request& request) {
  channel_count_ -= request.count;
  requests_.erase(std::find_if(requests_.begin(), requests_.end(),
                               [&](const auto& mine) { return mine.get() == &request; }));
}

void WsSession::subscribe(const hub::ChannelName& channel, std::optional<hub::Cursor> after,
                          std::string ref_member) {
  if (find(channel.view()) != nullptr)
    return send_error(ref_member, "already_subscribed", "this socket has that channel");
  if (channel_count_ >= static_cast<std::uint32_t>(context_.settings->options.websocket.max_channels)) {
    return send_error(ref_member, "too_many_channels", "this socket has as many channels as are allowed");
  }
  Request& request = add({channel}, std::move(ref_member));
  context_.hub.subscribe(request.subscription, {{channel}, std::move(after), true});
}

void WsSession::unsubscribe(std::string_view channel, std::string_view ref_member) {
  Request* request = find(channel);
  if (request == nullptr)
    return send_error(ref_member, "not_subscribed", "this socket does not have that channel");
  if (request->count > 1) {
    return send_error(ref_member, "joint_subscription",
                      "channels named in the URL share one cursor and leave together");
  }
  drop(*request);
  send_json("{\"type\":\"ack\"" + std::string(ref_member) + "}");
}

void WsSession::on_live(hub::Subscription& subscription) {
  open();
  const auto asked = std::move(request_of(subscription).asked);
  const std::string cursor = subscription.cursor().text();
  for (const hub::ChannelName& channel : asked->channels) {
    send_json("{\"type\":\"subscribed\"" + asked->ref_member + ",\"channel\":" + json_string(channel.view()) +
              ",\"cursor\":\"" + cursor +
              "\",\"recovered\":" + (subscription.recovered() ? "true" : "false") + "}");
  }
}

void WsSession::on_message(hub::Subscription& subscription, hub::Delivery& delivery, bool) {
  const bool has_cursor =
      subscription.is_joint() && delivery.message().ttl_ms() != 0 && format_ == Format::kJson;
  has_cursor ? send_joint(subscription, delivery) : send_message(delivery);
}

void WsSession::on_gap(hub::Subscription&, const hub::Gap& gap) {
  send_json(gap_json(gap, true));
}

void WsSession::on_failed(hub::Subscription& subscription, const Error& error) {
  Request& request = request_of(subscription);
  const std::string ref_member = request.asked != nullptr ? request.asked->ref_member : std::string();
  drop(request);
  if (handshake_ == nullptr) return send_error(ref_member, error.code, error.message);
  std::string out;
  wire::append_response(out, error_response(error), false, false, 1);
  connection_.send_copy(out);
  connection_.close_after_flush();
}

std::vector<hub::ChannelName> WsSession::channels() const {
  std::vector<hub::ChannelName> all;
  for (const auto& request : requests_) {
    const auto its = request->channels();
    all.insert(all.end(), its.begin(), its.end());
  }
  return all;
}

hub::SubscriberInfo WsSession::info() const {
  return {client_id(), "websocket", since_ms_, number_, channel_count_};
}

void handle_websocket(const ExchangePtr& exchange) {
  LoopContext& context = exchange->context();
  const options::WebsocketOptions& options = context.settings->options.websocket;
  const wire::HttpRequest& http = exchange->request();
  const auto refuse = [&](int status, std::string_view code, std::string_view message) {
    wire::HttpResponse response = error_response(FrontEnd::kChannels, status, code, message);
    if (status == 426) response.headers = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
    exchange->respond(std::move(response));
  };
  switch (wire::check_handshake(http)) {
    case wire::WsHandshake::kOk:
      break;
    case wire::WsHandshake::kNotWebSocket:
      return refuse(426, "upgrade_required", "this is a WebSocket endpoint");
    case wire::WsHandshake::kBadVersion:
      return refuse(426, "bad_version", "WebSocket version 13 only");
    case wire::WsHandshake::kBadRequest:
      return refuse(400, "bad_handshake", "the WebSocket handshake is malformed");
  }
  if (!origin_may_open(options.allowed_origins, http))
    return refuse(403, "bad_origin", "this origin may not connect");
  const auto query = QueryParameters::parse(http.query());
  if (!query) return exchange->respond(error_response(query.error()));
  hub::StreamRequest request;
  if (!query->all("channel").empty()) {
    auto channels = parse_channels(*query, static_cast<std::size_t>(options.max_channels));
    if (!channels) return exchange->respond(error_response(channels.error()));
    request.channels = std::move(*channels);
  }
  if (const auto text = query->first("after"); text && !text->empty()) {
    auto after = parse_cursor(*text);
    if (!after) return exchange->respond(error_response(after.error()));
    request.after = std::move(*after);
  }
  const std::string_view format = query->first("format").value_or("json");
  if (format != "json" && format != "raw") return refuse(400, "bad_format", "format must be json or raw");
  std::string head;
  wire::append_handshake_response(head, *http.header("Sec-WebSocket-Key"));
  const bool json = format == "json";
  auto session = std::make_unique<WsSession>(exchange->connection(), context,
                                             json ? WsSession::Format::kJson : WsSession::Format::kRaw,
                                             std::move(head), json ? receive_command : receive_nothing);
  WsSession& socket = *session;
  exchange->upgrade(std::move(session));
  socket.start(std::move(request));
}

}  // namespace relay::frontend
