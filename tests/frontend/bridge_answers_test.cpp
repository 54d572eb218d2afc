#include "frontend/bridge_answers.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace relay::frontend {
namespace {

std::string field(const wire::HttpResponse& response, std::string_view name) {
  const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == response.headers.end() ? "(none)" : found->second;
}

wire::HttpRequest from_page() {
  wire::HttpRequest request;
  request.headers.add("Origin", "https://dapp.example");
  return request;
}

TEST_CASE("bodies are Go's") {
  CHECK(bridge_ok().body == "{\"message\":\"OK\",\"statusCode\":200}\n");
  CHECK(bridge_error(400, "a \"b\" <c>").body ==
        "{\"message\":\"a \\\"b\\\" \\u003cc\\u003e\",\"statusCode\":400}\n");
  CHECK(bridge_bare_error(404, "Not Found").body == "{\"message\":\"Not Found\"}\n");
  CHECK(field(bridge_bare_error(429, "x"), "Retry-After") == "1");
  CHECK(field(bridge_error(503, "x"), "Retry-After") == "1");
}

TEST_CASE("a page may read answers, without credentials") {
  options::BridgeOptions options;
  wire::HttpResponse response;
  add_bridge_cors(options, from_page(), response);
  CHECK(field(response, "Access-Control-Allow-Origin") == "*");
  CHECK(field(response, "Access-Control-Allow-Credentials") == "(none)");
  CHECK(field(response, "Vary") == "Origin");
}

TEST_CASE("a preflight allows what an SSE client that resumes sends") {
  options::BridgeOptions options;
  const wire::HttpResponse response = bridge_preflight(options, from_page(), "OPTIONS, GET");
  CHECK(response.status == 204);
  CHECK(field(response, "Allow") == "OPTIONS, GET");
  CHECK(field(response, "Access-Control-Allow-Methods") == "GET,POST,OPTIONS");
  CHECK(field(response, "Access-Control-Allow-Headers").find("Last-Event-ID") != std::string::npos);
  CHECK(field(response, "Access-Control-Max-Age") == "86400");
}

TEST_CASE("switched off, nothing is said of origins") {
  options::BridgeOptions options;
  options.cors = false;
  wire::HttpResponse response;
  add_bridge_cors(options, from_page(), response);
  CHECK(response.headers.empty());
  CHECK(bridge_preflight(options, from_page(), "OPTIONS, GET").headers.size() == 1);
}

}  // namespace
}  // namespace relay::frontend
