// The bridge's answers: its JSON bodies and its cross-origin headers. Pure; any thread.
//
// Bodies end in one line feed and escape as Go does. Router and rate-limit errors have `message` only, all
// others
// {"message","statusCode"} in this order (frontend/errors.hpp makes those).
#pragma once

#include <string_view>

#include "options/options.hpp"
#include "wire/http1.hpp"
#include "wire/http_response.hpp"

namespace relay::frontend {

wire::HttpResponse bridge_ok();
wire::HttpResponse bridge_error(int status, std::string_view message);
// {"message":…} alone: 404 and 405 of the router, 429 of the rate limit (with Retry-After).
wire::HttpResponse bridge_bare_error(int status, std::string_view message);

// Any page may talk to a bridge: the origin is `*`, and credentials are not offered, since browsers refuse
// them together with `*`.
void add_bridge_cors(const options::BridgeOptions& options, const wire::HttpRequest& request,
                     wire::HttpResponse& response);
// The answer to OPTIONS but for the headers add_bridge_cors() adds; `allowed` is the path's Allow field.
wire::HttpResponse bridge_preflight(const options::BridgeOptions& options, const wire::HttpRequest& request,
                                    std::string_view allowed);

}  // namespace relay::frontend
