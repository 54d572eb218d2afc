#include "frontend/bridge_session.hpp"

#include <algorithm>
#include <random>

#include "base/decimal.hpp"
#include "base/scratch_text.hpp"
#include "frontend/bridge_answers.hpp"
#include "frontend/bridge_handlers.hpp"
#include "frontend/bridge_state.hpp"
#include "frontend/bridge_verify.hpp"
#include "frontend/errors.hpp"
#include "frontend/frames.hpp"
#include "wire/chunked.hpp"
#include "wire/sse.hpp"

namespace relay::frontend {
namespace {

using metrics::Counter;
using metrics::Gauge;

// More client ids than a request head of the default size holds.
constexpr std::size_t kMaxClientIds = 1000;

const SharedFrame& first_line_frame() {
  static const SharedFrame frame = chunk_frame("\n");
  return frame;
}

// The legacy form has no data: nothing is dispatched by it, it keeps the connection warm.
const SharedFrame& heartbeat_frame(BridgeHeartbeat heartbeat) {
  static const SharedFrame legacy = chunk_frame("event: heartbeat\n\n");
  static const SharedFrame message = chunk_frame("event: message\r\ndata: heartbeat\r\n\r\n");
  return heartbeat == BridgeHeartbeat::kLegacy ? legacy : message;
}

// From `least` to `most`: what many streams do after a time they should not do at once.
std::int64_t random_ms(std::int64_t least, std::int64_t most) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_int_distribution<std::int64_t>(least, std::max(least, most))(random);
}

SharedFrame bridge_frame(const hub::Message& message, std::string_view id) {
  ScratchText event;
  wire::append_sse_event(*event, "message", id, message.data());
  return chunk_frame(*event);
}

SharedFrame encode_bridge_rest(const hub::Message& message) {
  return bridge_frame(message, {});
}

std::int64_t end_of_lifetime(const options::BridgeOptions& options, std::int64_t now_ms) {
  if (options.max_lifetime.count() <= 0) return 0;
  return now_ms + options.max_lifetime.count() + random_ms(0, options.max_lifetime_jitter.count());
}

}  // namespace

hub::ChannelName bridge_channel(std::string_view client_id) {
  std::string name(kBridgeChannelPrefix);
  name += client_id;
  return hub::ChannelName::copy_of(name);
}

// A message that came by another front-end may have several lines: append_sse_event() sees to them.
SharedFrame encode_bridge(const hub::Message& message) {
  return bridge_frame(message, Decimal(message.id()).view());
}

BridgeSession::BridgeSession(net::Connection& connection, LoopContext& context, Terms terms)
    : connection_(connection),
      context_(context),
      opening_(std::make_unique<Opening>(Opening{std::move(terms.exchange), std::move(terms.head)})),
      lease_(std::move(terms.lease)),
      since_ms_(context.loop.clock().wall_ms()),
      next_heartbeat_ms_(0),
      ends_at_ms_(end_of_lifetime(context.settings->options.bridge, context.loop.now_ms())),
      number_(context.enlist(connection, *this)),
      heartbeat_(terms.heartbeat),
      http_1_0_(terms.http_1_0) {
  context_.metrics.add(Gauge::kClientsSse, 1);
  context_.metrics.add(Gauge::kBridgeConnections, 1);
}

BridgeSession::~BridgeSession() {
  context_.delist(number_);
  if (corked_ != nullptr) *corked_->session = nullptr;
  context_.metrics.add(Gauge::kClientsSse, -1);
  context_.metrics.add(Gauge::kBridgeConnections, -1);
  context_.metrics.add(Gauge::kBridgeSubscriptions, -static_cast<std::int64_t>(client_ids_));
}

void BridgeSession::subscribe(const BridgeEventsRequest& request) {
  client_ids_ = static_cast<std::uint32_t>(request.client_ids.size());
  context_.metrics.add(Gauge::kBridgeSubscriptions, client_ids_);
  context_.metrics.observe(metrics::Histogram::kBridgeClientIds, static_cast<double>(request.listed));
  hub::StreamRequest subscribe;
  subscribe.after = last_id_ = request.after;
  subscribe.tell_gaps = false;
  subscribe.channels.reserve(request.client_ids.size());
  for (const std::string& id : request.client_ids) subscribe.channels.push_back(bridge_channel(id));
  context_.hub.subscribe(subscription_, std::move(subscribe));
}

void BridgeSession::on_live(hub::Subscription&) {
  connection_.send_copy(opening_->head);
  count_bridge_request(*opening_->exchange, 200, 0);
  context_.metrics.add(Counter::kHttpRequests2xx);
  opening_.reset();
  send_frame(first_line_frame());
  connection_.flush();
  const Milliseconds heartbeat = context_.settings->options.bridge.heartbeat;
  next_heartbeat_ms_ = heartbeat.count() > 0 ? context_.loop.now_ms() + heartbeat.count() : 0;
  set_deadline();
}

// Hot: once per message and stream.
void BridgeSession::on_message(hub::Subscription&, hub::Delivery& delivery, bool) {
  Held message{&delivery, id_at(delivery.message())};
  if (corked_ != nullptr || cork(delivery.message())) return hold(std::move(message));
  send_message(message);
}

// What its `id:` says. Ids of one partition are one order; over several only their floor is safe to resume
// from.
MessageId BridgeSession::id_at(const hub::Message& message) {
  if (!subscription_.is_joint()) return message.id();
  return last_id_ = std::max(last_id_, subscription_.floor());
}

// Whether a POST of the receiver of `first` is not yet acknowledged. Then messages are held from here on.
bool BridgeSession::cork(const hub::Message& first) {
  BridgeCork& cork = context_.shared.bridge->cork;
  std::string_view receiver = first.channel();
  receiver.remove_prefix(kBridgeChannelPrefix.size());
  if (!cork.in_flight(receiver)) return false;
  auto corked = std::make_unique<Corked>();
  corked->session = std::make_shared<BridgeSession*>(this);
  // Thread hop: from the loop that answers the POST to this one.
  const auto wake = [loop = &context_.loop, session = corked->session] {
    loop->post([session] {
      if (*session != nullptr) (*session)->on_uncorked();
    });
  };
  if (!cork.wait(receiver, wake)) return false;
  corked_ = std::move(corked);
  return true;
}

void BridgeSession::hold(Held held) {
  const hub::Message& message = held.delivery->message();
  if (!make_room(message, connection_.queued_bytes() + corked_->bytes)) return;
  if (corked_->messages.empty()) corked_->covered = 1;
  corked_->bytes += message.data().size();
  corked_->messages.push_back(std::move(held));
}

// What came for another receiver, or after the wait began, may have a POST of its own to wait for.
void BridgeSession::on_uncorked() {
  const std::unique_ptr<Corked> before = std::move(corked_);
  auto& messages = before->messages;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (i >= before->covered && cork(messages[i].delivery->message())) {
      const std::string receiver(messages[i].delivery->message().channel());
      for (std::size_t rest = i; rest < messages.size(); ++rest) hold(std::move(messages[rest]));
      const auto& held = corked_->messages;
      const auto other = std::find_if(held.begin(), held.end(), [&](const Held& one) {
        return one.delivery->message().channel() != receiver;
      });
      corked_->covered = static_cast<std::size_t>(other - held.begin());
      return;
    }
    send_message(messages[i]);
  }
  context_.hub.continue_replay(subscription_);
}

void BridgeSession::send_message(const Held& held) {
  if (!make_room(held.delivery->message(), connection_.queued_bytes())) return;
  context_.metrics.add(Counter::kBridgeDelivered);
  send_event(held);
}

// With an id of this stream's own, only what follows is shared.
void BridgeSession::send_event(const Held& held) {
  if (!subscription_.is_joint())
    return send_frame(held.delivery->frame(hub::WireForm::kSseBridge, encode_bridge));
  if (held.id != 0) send_frame(chunk_frame(sse_cursor_line(std::to_string(held.id))));
  send_frame(held.delivery->frame(hub::WireForm::kSseBridgeRest, encode_bridge_rest));
}

// The bound of the queue. A stream that does not read is closed: its client resumes from the last id it has
// seen. A message that is not kept is not worth that.
bool BridgeSession::make_room(const hub::Message& message, std::size_t queued) {
  const auto most = static_cast<std::size_t>(context_.settings->options.client.max_queue_bytes);
  if (queued + message.data().size() <= most) return true;
  connection_.flush();
  const std::size_t corked = corked_ == nullptr ? 0 : corked_->bytes;
  if (connection_.queued_bytes() + corked + message.data().size() <= most) return true;
  if (message.ttl_ms() == 0) {
    context_.metrics.add(Counter::kMessagesDroppedEphemeralSlow);
  } else if (!connection_.closing()) {
    context_.metrics.add(Counter::kMessagesDroppedSlowClosed);
    context_.metrics.add(Counter::kSlowClientsClosed);
    connection_.close();
  }
  return false;
}

void BridgeSession::send_frame(const SharedFrame& chunk) {
  if (http_1_0_) {
    connection_.send_copy(wire::chunk_payload(chunk.view()));
  } else {
    connection_.send(chunk);
  }
}

void BridgeSession::on_failed(hub::Subscription&, const Error& error) {
  refuse(status_of(error.kind), "failed to subscribe");
}

void BridgeSession::refuse(int status, std::string_view message) {
  const wire::HttpResponse response = opening_->exchange->with_common_headers(bridge_error(status, message));
  count_bridge_request(*opening_->exchange, status, response.body.size());
  context_.metrics.add(Counter::kHttpRequests5xx);
  std::string out;
  wire::append_response(out, response, false, false, http_1_0_ ? 0 : 1);
  connection_.send_copy(out);
  connection_.close_after_flush();
}

void BridgeSession::on_drained() {
  if (corked_ == nullptr) context_.hub.continue_replay(subscription_);
}

void BridgeSession::set_deadline() {
  std::int64_t next = next_heartbeat_ms_;
  if (ends_at_ms_ != 0 && (next == 0 || ends_at_ms_ < next)) next = ends_at_ms_;
  if (next != 0)
    connection_.set_deadline(Milliseconds(std::max<std::int64_t>(1, next - context_.loop.now_ms())));
}

// The queue of a client that reads nothing is not filled up with heartbeats: a full socket needs no more of
// them.
void BridgeSession::on_deadline() {
  const std::int64_t now_ms = context_.loop.now_ms();
  if (ends_at_ms_ != 0 && now_ms >= ends_at_ms_) return end();
  if (next_heartbeat_ms_ != 0 && now_ms >= next_heartbeat_ms_) {
    if (!connection_.congested()) send_frame(heartbeat_frame(heartbeat_));
    const std::int64_t interval =
        std::max<std::int64_t>(1, context_.settings->options.bridge.heartbeat.count());
    next_heartbeat_ms_ = std::max(next_heartbeat_ms_ + interval, now_ms + interval / 2);
  }
  set_deadline();
}

void BridgeSession::end() {
  if (!http_1_0_) connection_.send_copy(wire::kLastChunk);
  connection_.close_after_flush();
}

void BridgeSession::on_drain() {
  if (opening_ != nullptr) return refuse(503, "the bridge is shutting down");
  const std::int64_t most = std::max<std::int64_t>(1000, context_.settings->options.drain.spread.count() / 4);
  std::string goodbye;
  wire::append_sse_retry(goodbye, Milliseconds(random_ms(most / 2, most)));
  send_frame(chunk_frame(goodbye));
  end();
}

std::vector<hub::ChannelName> BridgeSession::channels() const {
  return subscription_.active() ? subscription_.channels() : std::vector<hub::ChannelName>();
}

hub::SubscriberInfo BridgeSession::info() const {
  return {context_.client_id(number_), "sse", since_ms_, number_, client_ids_};
}

void handle_bridge_events(const ExchangePtr& exchange) {
  LoopContext& context = exchange->context();
  const wire::HttpRequest& http = exchange->request();
  const options::BridgeOptions& options = context.settings->options.bridge;
  const net::IpAddress address = exchange->client_address();
  BridgeSession::Terms terms;
  if (options.connections_limit > 0 && !bypasses_limits(*exchange)) {
    auto lease = context.shared.bridge->connections.enter(address, options.connections_limit);
    if (!lease) {
      context.metrics.add(Counter::kConnectionsRefusedAddressLimit);
      return exchange->respond(bridge_error(429, "you have reached the limit of streaming connections: " +
                                                     std::to_string(options.connections_limit) + " max"));
    }
    terms.lease = std::move(*lease);
  }
  const auto request = parse_bridge_events(BridgeQuery(http.query()),
                                           http.header("Last-Event-ID").value_or(""), kMaxClientIds);
  if (!request) {
    context.metrics.add(Counter::kBridgeBadRequests);
    return exchange->respond(bridge_error(400, request.error().message));
  }
  wire::HttpResponse response = exchange->with_common_headers({});
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "private, no-cache, no-transform");
  response.headers.emplace_back("X-Accel-Buffering", "no");
  if (http.version_minor != 0) response.headers.emplace_back("Connection", "keep-alive");
  terms.exchange = exchange;
  wire::append_stream_head(terms.head, response, http.version_minor);
  terms.heartbeat = request->heartbeat;
  terms.http_1_0 = http.version_minor == 0;
  // Before the stream is live: a wallet that verifies once it sees the stream finds the record.
  record_connection(context, request->client_ids.front(), address, http.header("Origin").value_or(""));
  auto session = std::make_unique<BridgeSession>(exchange->connection(), context, std::move(terms));
  BridgeSession& stream = *session;
  exchange->upgrade(std::move(session));
  stream.subscribe(*request);
}

}  // namespace relay::frontend
