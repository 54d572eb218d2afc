#include "frontend/cors.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace relay::frontend {
namespace {

bool listed(const std::vector<std::string>& origins, std::string_view origin) {
  return std::any_of(origins.begin(), origins.end(), [&](const std::string& allowed) {
    return allowed == "*" || equals_ignore_case(allowed, origin);
  });
}

}  // namespace

std::string allowed_origin(const options::CorsOptions& cors, const wire::HttpRequest& request) {
  const auto origin = request.header("Origin");
  if (!origin || !listed(cors.allowed_origins, *origin)) return {};
  return std::string(*origin);
}

void add_cors_headers(const options::CorsOptions& cors, const wire::HttpRequest& request,
                      wire::HttpResponse& response) {
  if (cors.allowed_origins.empty()) return;
  response.headers.emplace_back("Vary", "Origin");
  const std::string origin = allowed_origin(cors, request);
  if (!origin.empty()) response.headers.emplace_back("Access-Control-Allow-Origin", origin);
}

wire::HttpResponse preflight_response(const options::CorsOptions& cors, const wire::HttpRequest& request,
                                      std::string_view allowed) {
  wire::HttpResponse response;
  response.status = 204;
  response.headers.emplace_back("Allow", allowed);
  if (allowed_origin(cors, request).empty() || !request.header("Access-Control-Request-Method"))
    return response;
  response.headers.emplace_back("Access-Control-Allow-Methods", allowed);
  response.headers.emplace_back(
      "Access-Control-Allow-Headers",
      "Authorization, Cache-Control, Content-Type, Idempotency-Key, Last-Event-ID, traceparent");
  response.headers.emplace_back("Access-Control-Max-Age", std::to_string(cors.max_age.count() / 1000));
  return response;
}

bool origin_may_open(const std::vector<std::string>& allowed_origins, const wire::HttpRequest& request) {
  const auto origin = request.header("Origin");
  return allowed_origins.empty() || !origin || listed(allowed_origins, *origin);
}

}  // namespace relay::frontend
