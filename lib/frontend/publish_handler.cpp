// POST /v1/channels/{channel}/messages: bytes become a Draft, the store's answer becomes a status.
#include "base/bytes.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "frontend/errors.hpp"
#include "frontend/handlers.hpp"
#include "frontend/json_scan.hpp"
#include "frontend/parameters.hpp"
#include "frontend/publish.hpp"
#include "frontend/traceparent.hpp"

namespace relay::frontend {
namespace {

using metrics::Counter;

constexpr std::size_t kMaxIdempotencyKey = 255;

bool is_json_type(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  return equals_ignore_case(type, "application/json") || type.ends_with("+json");
}

Result<std::optional<Milliseconds>> parse_ttl(const QueryParameters& query) {
  const auto text = query.first("ttl");
  if (!text) return std::optional<Milliseconds>{};
  const auto ttl = parse_duration(*text, "ttl");
  if (!ttl) return ttl.error();
  return std::optional<Milliseconds>(*ttl);
}

// Fills `request` in its place: it is large to move about.
Result<bool> read_request(Exchange& exchange, hub::PublishRequest& request) {
  const wire::HttpRequest& http = exchange.request();
  const auto query = QueryParameters::parse(http.query());
  if (!query) return query.error();
  if (const auto good = hub::check_channel_name(exchange.parameter()); !good) return good.error();
  const auto ttl = parse_ttl(*query);
  if (!ttl) return ttl.error();
  request.ttl = *ttl;
  request.idempotency_key = http.header("Idempotency-Key").value_or("");
  if (request.idempotency_key.size() > kMaxIdempotencyKey) {
    return make_error(ErrorKind::kInvalid, "bad_idempotency_key", "Idempotency-Key is longer than 255 bytes");
  }
  hub::Draft& draft = request.draft;
  draft.channel = hub::ChannelName::copy_of(exchange.parameter());
  draft.event = query->first("event").value_or("");
  if (const auto trace = http.header("traceparent"); trace && is_traceparent(*trace)) draft.trace = *trace;
  if (http.body.empty())
    return make_error(ErrorKind::kInvalid, "no_body", "the body is the payload and must not be empty");
  draft.is_json = is_json_type(http.header("Content-Type").value_or(""));
  draft.data = std::move(exchange.mutable_request().body);
  if (draft.is_json && !take_json(draft.data)) {
    return make_error(ErrorKind::kInvalid, "bad_json",
                      "Content-Type says JSON, the body is not one JSON value");
  }
  return true;
}

wire::HttpResponse published_response(const Published& published, std::string_view channel) {
  std::string body;
  body.reserve(channel.size() + 80);
  body += '{';
  if (!published.local) body.append("\"id\":").append(Decimal(published.id).view()) += ',';
  body += "\"channel\":";
  append_json_string(body, channel);
  if (published.repeated) body += ",\"repeated\":true";
  if (published.local) body += ",\"scope\":\"local\"";
  return json_response(published.local ? 202 : 201, std::move(body.append("}\n")));
}

}  // namespace

bool take_json(std::string& text) {
  if (!is_acceptable_json(text)) return false;
  // Between tokens line breaks are white space, inside strings they cannot be.
  for (char& c : text) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return true;
}

void count_publish(metrics::LoopMetrics& metrics, const Result<hub::Appended>& outcome) {
  if (outcome) return metrics.add(Counter::kMessagesPublished);
  switch (outcome.error().kind) {
    case ErrorKind::kTooLarge:
      return metrics.add(Counter::kPublishFailedTooLarge);
    case ErrorKind::kConflict:
      return metrics.add(Counter::kPublishFailedConflict);
    case ErrorKind::kUnavailable:
      return metrics.add(Counter::kPublishFailedUnavailable);
    case ErrorKind::kUnknown:
      return metrics.add(Counter::kPublishFailedUnknown);
    case ErrorKind::kLimited:
      return metrics.add(Counter::kPublishFailedLimited);
    default:
      return metrics.add(Counter::kPublishFailedInvalid);
  }
}

void handle_publish(const ExchangePtr& exchange) {
  LoopContext& context = exchange->context();
  hub::PublishRequest request;
  if (const auto good = read_request(*exchange, request); !good) {
    count_publish(context.metrics, good.error());
    return exchange->respond(error_response(good.error()));
  }
  publish(context, std::move(request), [exchange](const Result<Published>& published) {
    if (!published) return exchange->respond(error_response(published.error()));
    LoopContext& here = exchange->context();
    const std::chrono::duration<double> took = here.loop.clock().steady() - exchange->started();
    here.metrics.observe(metrics::Histogram::kPublishDuration, took.count());
    exchange->respond(published_response(*published, exchange->parameter()));
  });
}

}  // namespace relay::frontend
