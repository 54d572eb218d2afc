// Errors on their way out: the one place per front-end where a kind becomes a status and a body. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "frontend/routes.hpp"
#include "wire/http_response.hpp"

namespace relay::frontend {

int status_of(ErrorKind kind);

// {"error":{"code","message"}} with Retry-After where waiting helps.
wire::HttpResponse error_response(const Error& error);
// The format of the front-end: the bridge has {"message","statusCode"}.
wire::HttpResponse error_response(FrontEnd front_end, int status, std::string_view code,
                                  std::string_view message);

wire::HttpResponse json_response(int status, std::string body);

}  // namespace relay::frontend
