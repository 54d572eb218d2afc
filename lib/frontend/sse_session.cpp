#include "frontend/sse_session.hpp"

#include <algorithm>
#include <random>

#include "frontend/errors.hpp"
#include "frontend/frames.hpp"
#include "frontend/handlers.hpp"
#include "frontend/parameters.hpp"
#include "wire/chunked.hpp"
#include "wire/sse.hpp"

namespace relay::frontend {
namespace {

using metrics::Counter;
using metrics::Gauge;

// One comment line keeps proxies and phones from giving up; the same bytes for everybody.
const SharedFrame& heartbeat_frame() {
  static const SharedFrame frame = chunk_frame(":\n\n");
  return frame;
}

// Between half and all of `most`, so that a restart does not bring everybody back in one second.
Milliseconds jittered(Milliseconds most) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return Milliseconds(std::uniform_int_distribution<std::int64_t>(most.count() / 2, most.count())(random));
}

}  // namespace

SseSession::SseSession(net::Connection& connection, LoopContext& context, std::string head, bool http_1_0,
                       bool json)
    : connection_(connection),
      context_(context),
      head_(std::make_unique<std::string>(std::move(head))),
      since_ms_(context.loop.clock().wall_ms()),
      number_(context.enlist(connection, *this)),
      http_1_0_(http_1_0),
      json_(json) {
  context_.metrics.add(Gauge::kClientsSse, 1);
}

SseSession::~SseSession() {
  context_.delist(number_);
  context_.metrics.add(Gauge::kClientsSse, -1);
}

void SseSession::subscribe(hub::StreamRequest request) {
  context_.hub.subscribe(subscription_, std::move(request));
}

void SseSession::on_live(hub::Subscription&) {
  connection_.send_copy(*head_);
  head_.reset();
  const options::SseOptions& options = context_.settings->options.sse;
  // A first line of its own: some proxies and clients call a stream open only when its body begins.
  std::string first;
  if (options.retry.count() > 0) wire::append_sse_retry(first, options.retry);
  wire::append_sse_comment(first, "live");
  send_text(first);
  if (options.heartbeat.count() > 0) connection_.set_deadline(options.heartbeat);
}

// Hot: once per message and stream.
void SseSession::on_message(hub::Subscription& subscription, hub::Delivery& delivery, bool) {
  if (context_.is_excluded(number_, delivery.message())) return;
  const bool has_cursor = subscription.is_joint() && delivery.message().ttl_ms() != 0;
  has_cursor ? send_joint(delivery) : send_whole(delivery);
}

bool SseSession::take_unasked(hub::Delivery& delivery) {
  if (head_ != nullptr) return false;
  if (!context_.is_excluded(number_, delivery.message())) send_whole(delivery);
  return true;
}

void SseSession::send_whole(hub::Delivery& delivery) {
  SharedFrame frame = json_ ? delivery.frame(hub::WireForm::kSseJson, encode_sse_json)
                            : delivery.frame(hub::WireForm::kSse, encode_sse);
  if (make_room(frame.size(), delivery.message())) send_frame(std::move(frame));
}

// The cursor is this stream's own, the rest is shared.
void SseSession::send_joint(hub::Delivery& delivery) {
  SharedFrame rest = json_ ? delivery.frame(hub::WireForm::kSseJsonRest, encode_sse_json_rest)
                           : delivery.frame(hub::WireForm::kSseRest, encode_sse_rest);
  const std::string line = sse_cursor_line(subscription_.cursor().text());
  if (!make_room(line.size() + rest.size(), delivery.message())) return;
  send_frame(chunk_frame(line));
  send_frame(std::move(rest));
}

// The bound of the queue. A reader of kept channels that does not read is closed and resumes from its cursor;
// an ephemeral message is skipped, and said to be.
bool SseSession::make_room(std::size_t bytes, const hub::Message& message) {
  const auto most = static_cast<std::size_t>(context_.settings->options.client.max_queue_bytes);
  if (connection_.queued_bytes() + bytes > most) connection_.flush();
  if (connection_.queued_bytes() + bytes <= most) {
    if (!skipped_.empty()) tell_skipped();
    return true;
  }
  if (message.ttl_ms() == 0) {
    context_.metrics.add(Counter::kMessagesDroppedEphemeralSlow);
    skipped_.note(message);
  } else if (!connection_.closing()) {
    context_.metrics.add(Counter::kSlowClientsClosed);
    connection_.close();
  }
  return false;
}

void SseSession::tell_skipped() {
  for (const hub::Gap& gap : skipped_.take()) {
    context_.metrics.add(Counter::kGaps);
    on_gap(subscription_, gap);
  }
}

void SseSession::on_gap(hub::Subscription&, const hub::Gap& gap) {
  std::string event;
  wire::append_sse_event(event, "gap", {}, gap_json(gap, false));
  send_text(event);
}

void SseSession::on_failed(hub::Subscription&, const Error& error) {
  std::string out;
  wire::append_response(out, error_response(error), false, false, 1);
  connection_.send_copy(out);
  connection_.close_after_flush();
}

void SseSession::on_drained() {
  context_.hub.continue_replay(subscription_);
}

void SseSession::on_deadline() {
  send_frame(heartbeat_frame());
  connection_.set_deadline(context_.settings->options.sse.heartbeat);
}

void SseSession::on_drain() {
  if (head_ == nullptr) {
    std::string goodbye;
    wire::append_sse_retry(
        goodbye, jittered(std::max(Milliseconds(1000), context_.settings->options.drain.spread / 4)));
    send_text(goodbye);
    if (!http_1_0_) connection_.send_copy(wire::kLastChunk);
  }
  connection_.close_after_flush();
}

std::vector<hub::ChannelName> SseSession::channels() const {
  return subscription_.active() ? subscription_.channels() : std::vector<hub::ChannelName>();
}

hub::SubscriberInfo SseSession::info() const {
  return {context_.client_id(number_), "sse", since_ms_, number_, subscription_.channel_count()};
}

void SseSession::send_text(std::string_view event_stream_text) {
  connection_.send_copy(http_1_0_ ? std::string(event_stream_text) : wire::as_chunk(event_stream_text));
}

void SseSession::send_frame(SharedFrame frame) {
  if (http_1_0_) {
    connection_.send_copy(wire::chunk_payload(frame.view()));
  } else {
    connection_.send_gathered(std::move(frame));
  }
}

void handle_events(const ExchangePtr& exchange) {
  LoopContext& context = exchange->context();
  const wire::HttpRequest& http = exchange->request();
  const auto fail = [&](const Error& error) { exchange->respond(error_response(error)); };
  const auto query = QueryParameters::parse(http.query());
  if (!query) return fail(query.error());
  auto channels =
      parse_channels(*query, static_cast<std::size_t>(context.settings->options.sse.max_channels));
  if (!channels) return fail(channels.error());
  auto cursor = sse_cursor(http, *query);
  if (!cursor) return fail(cursor.error());
  const std::string_view format = query->first("format").value_or("raw");
  if (format != "raw" && format != "json") {
    return fail(make_error(ErrorKind::kInvalid, "bad_format", "format must be raw or json"));
  }
  wire::HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers = {{"Cache-Control", "private, no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
  response = exchange->with_common_headers(std::move(response));
  if (http.method == "HEAD") return exchange->respond(std::move(response));
  std::string head;
  wire::append_stream_head(head, response, http.version_minor);
  auto session = std::make_unique<SseSession>(exchange->connection(), context, std::move(head),
                                              http.version_minor == 0, format == "json");
  SseSession& stream = *session;
  exchange->upgrade(std::move(session));
  stream.subscribe({std::move(*channels), std::move(*cursor), true});
}

}  // namespace relay::frontend
