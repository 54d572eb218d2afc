#include "frontend/errors.hpp"

#include "base/text.hpp"

namespace relay::frontend {

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return 400;
    case ErrorKind::kTooLarge:
      return 413;
    case ErrorKind::kUnsupported:
      return 415;
    case ErrorKind::kDenied:
      return 403;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kLimited:
      return 429;
    case ErrorKind::kUnavailable:
      return 503;
    case ErrorKind::kUnknown:
      return 504;
    case ErrorKind::kInternal:
      return 500;
  }
  return 500;
}

wire::HttpResponse json_response(int status, std::string body) {
  wire::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

wire::HttpResponse error_response(const Error& error) {
  return error_response(FrontEnd::kChannels, status_of(error.kind), error.code, error.message);
}

wire::HttpResponse error_response(FrontEnd front_end, int status, std::string_view code,
                                  std::string_view message) {
  std::string body;
  if (front_end == FrontEnd::kBridge) {
    body = "{\"message\":";
    append_go_json_string(body, message);
    body += ",\"statusCode\":" + std::to_string(status) + "}\n";
  } else {
    body = "{\"error\":{\"code\":";
    append_json_string(body, code);
    body += ",\"message\":";
    append_json_string(body, message);
    body += "}}\n";
  }
  wire::HttpResponse response = json_response(status, std::move(body));
  if (status == 429 || status == 503 || status == 504) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace relay::frontend
