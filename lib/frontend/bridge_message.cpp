// POST <bridge.path>/message: stored, then acknowledged; only then may an answer reach the sender's own
// stream.
#include <openssl/evp.h>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "frontend/bridge_answers.hpp"
#include "frontend/bridge_handlers.hpp"
#include "frontend/bridge_params.hpp"
#include "frontend/bridge_session.hpp"
#include "frontend/bridge_state.hpp"
#include "frontend/errors.hpp"
#include "frontend/publish.hpp"

namespace relay::frontend {
namespace {

using metrics::Counter;

constexpr std::size_t kMaxIdempotencyKey = 255;

// A repeated request must make the same message, so the trace id that a key gets is a digest of it (UUID
// version 8).
std::string trace_id_of_key(std::string_view sender, std::string_view key) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  std::string text(sender);
  text += key;
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0f) | 0x80);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3f) | 0x80);
  return *parse_trace_id(to_hex({reinterpret_cast<const char*>(digest), 16}));
}

void send_hooks(const Exchange& exchange, LoopContext& context, const BridgeQuery& query,
                const BridgeMessageRequest& request) {
  const options::BridgeOptions& options = context.settings->options.bridge;
  const std::string& body = exchange.request().body;
  if (!options.copy_to_url.empty()) {
    context.shared.bridge->poster(context).post(copy_post(options.copy_to_url, query.pairs(), body));
  }
  if (!request.topic || options.webhook_urls.empty()) return;
  for (HookPost& hook : webhook_posts(options.webhook_urls, request.from, *request.topic, body)) {
    context.shared.bridge->poster(context).post(std::move(hook));
  }
}

wire::HttpResponse store_failure(const Error& error) {
  if (error.kind == ErrorKind::kConflict) return bridge_error(409, error.message);
  return bridge_error(status_of(error.kind), "failed to store message");
}

// A body as long as bridge.max_message_bytes grows when it is escaped, so publish.max_bytes does not apply to
// the result, and the hub's own checks have nothing to check.
hub::AppendRequest append_request(const LoopContext& context, const BridgeMessageRequest& request,
                                  std::string_view body, std::string_view key) {
  hub::AppendRequest append;
  std::string trace_id = request.trace_id.value_or(std::string());
  if (trace_id.empty()) {
    trace_id = key.empty() ? uuid_v7(context.loop.clock().wall_ms()) : trace_id_of_key(request.from, key);
  }
  append.draft.channel = bridge_channel(request.to);
  append.draft.event = "message";
  append.draft.data = bridge_message_json(request.from, body, trace_id);
  append.draft.is_json = true;
  append.draft.trace = std::move(trace_id);
  append.keep = context.hub.options_of(append.draft.channel.view());
  append.keep.max_age = std::max(append.keep.max_age, context.settings->options.bridge.max_ttl);
  append.draft.ttl_ms = append.keep.ephemeral ? 0 : static_cast<std::uint32_t>(request.ttl.count());
  if (!key.empty()) append.idempotency_key = request.from + ':' + std::string(key);
  return append;
}

}  // namespace

void handle_bridge_message(const ExchangePtr& exchange) {
  LoopContext& context = exchange->context();
  const wire::HttpRequest& http = exchange->request();
  const options::BridgeOptions& options = context.settings->options.bridge;
  const SteadyTime started = exchange->started();
  const std::shared_ptr<BridgeState> bridge = context.shared.bridge;
  if (options.rps_limit > 0 && !bypasses_limits(*exchange) &&
      !bridge->rates.take(exchange->client_address(), options.rps_limit, started)) {
    context.metrics.add(Counter::kPublishFailedLimited);
    return exchange->respond(bridge_bare_error(429, "rate limit exceeded"));
  }
  const auto refuse = [&](int status, std::string_view message) {
    context.metrics.add(Counter::kBridgeBadRequests);
    exchange->respond(bridge_error(status, message));
  };
  const BridgeQuery query(http.query());
  const auto request = parse_bridge_message(query, options.max_ttl);
  if (!request) return refuse(400, request.error().message);
  const std::string_view key = http.header("Idempotency-Key").value_or("");
  if (key.size() > kMaxIdempotencyKey) return refuse(400, "Idempotency-Key is longer than 255 bytes");
  if (http.body.size() > static_cast<std::size_t>(options.max_message_bytes)) {
    return refuse(413, "message is too large: " + std::to_string(options.max_message_bytes) + " bytes max");
  }
  send_hooks(*exchange, context, query, *request);
  const BridgeCork::Ticket ticket = bridge->cork.enter(request->from);
  context.hub.append(
      append_request(context, *request, http.body, key),
      [exchange, bridge, started, ticket, sender = request->from](const Result<hub::Appended>& appended) {
        metrics::LoopMetrics& counters = exchange->context().metrics;
        count_publish(counters, appended);
        if (appended) {
          counters.add(Counter::kBridgeTransferred);
          const std::chrono::duration<double> took = exchange->context().loop.clock().steady() - started;
          counters.observe(metrics::Histogram::kPublishDuration, took.count());
          exchange->respond(bridge_ok());
        } else {
          exchange->respond(store_failure(appended.error()));
        }
        exchange->flush();
        bridge->cork.leave(sender, ticket);
      });
}

}  // namespace relay::frontend
