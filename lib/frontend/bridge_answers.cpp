#include "frontend/bridge_answers.hpp"

#include "base/text.hpp"
#include "frontend/bridge_handlers.hpp"
#include "frontend/errors.hpp"

namespace relay::frontend {
namespace {

// The Go bridge's list, and what it lacks: a page's SSE client that resumes sends Last-Event-ID.
constexpr std::string_view kAllowedHeaders =
    "DNT,X-CustomHeader,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,"
    "Authorization,Last-Event-ID,Idempotency-Key";

}  // namespace

wire::HttpResponse bridge_ok() {
  return json_response(200, "{\"message\":\"OK\",\"statusCode\":200}\n");
}

wire::HttpResponse bridge_error(int status, std::string_view message) {
  return error_response(FrontEnd::kBridge, status, {}, message);
}

wire::HttpResponse bridge_bare_error(int status, std::string_view message) {
  std::string body = "{\"message\":";
  append_go_json_string(body, message);
  wire::HttpResponse response = json_response(status, body + "}\n");
  if (status == 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

void add_bridge_cors(const options::BridgeOptions& options, const wire::HttpRequest& request,
                     wire::HttpResponse& response) {
  if (!options.cors) return;
  response.headers.emplace_back("Vary", "Origin");
  if (!request.header("Origin")) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
}

wire::HttpResponse bridge_preflight(const options::BridgeOptions& options, const wire::HttpRequest& request,
                                    std::string_view allowed) {
  wire::HttpResponse response;
  response.status = 204;
  response.headers.emplace_back("Allow", allowed);
  if (!options.cors) return response;
  response.headers.emplace_back("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
  if (!request.header("Origin")) return response;
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET,POST,OPTIONS");
  response.headers.emplace_back("Access-Control-Allow-Headers", kAllowedHeaders);
  response.headers.emplace_back("Access-Control-Max-Age", "86400");
  return response;
}

void handle_bridge_options(const ExchangePtr& exchange) {
  const wire::HttpRequest& request = exchange->request();
  const std::string_view allowed = request.path().ends_with("/events") ? "OPTIONS, GET" : "OPTIONS, POST";
  exchange->respond(bridge_preflight(exchange->context().settings->options.bridge, request, allowed));
}

}  // namespace relay::frontend
