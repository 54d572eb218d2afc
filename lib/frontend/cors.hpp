// Cross-origin rules of the channels front-end (Fetch §3.2): off unless cors.allowed_origins names origins.
// Pure; any thread. The bridge has rules of its own (bridge_cors).
#pragma once

#include "options/options.hpp"
#include "wire/http1.hpp"
#include "wire/http_response.hpp"

namespace relay::frontend {

// The origin to name in the answer; empty: say nothing. "*" in the list allows every origin.
std::string allowed_origin(const options::CorsOptions& cors, const wire::HttpRequest& request);
void add_cors_headers(const options::CorsOptions& cors, const wire::HttpRequest& request,
                      wire::HttpResponse& response);
// The answer to OPTIONS, `allowed` being the methods of the path.
wire::HttpResponse preflight_response(const options::CorsOptions& cors, const wire::HttpRequest& request,
                                      std::string_view allowed);
// Whether a WebSocket may be opened: yes if the list is empty, the request has no Origin, or it is listed.
bool origin_may_open(const std::vector<std::string>& allowed_origins, const wire::HttpRequest& request);

}  // namespace relay::frontend
