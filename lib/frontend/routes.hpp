// Every route once: what relayd answers on which listener, and which front-end owns it.
//
// A new front-end is one block of rows here and its own files. Immutable; any thread.
#pragma once

#include <span>
#include <string_view>

#include "frontend/http_session.hpp"

namespace relay::frontend {

// The front-end a route belongs to: decides error format, CORS rules and whether it is switched on.
enum class FrontEnd : std::uint8_t { kChannels, kBridge, kOperator, kAdmin };

using Handler = void (*)(const ExchangePtr& exchange);

struct Route {
  Plane plane;  // kAdmin has the routes of kOperator too, and kOperator those of kAdmin with a token
  FrontEnd front_end;
  std::string_view method;   // HEAD is answered by GET's row but on the bridge
  std::string_view pattern;  // "{}" stands for one path segment. Bridge rows are relative to bridge.path.
  Handler handler;
  std::string_view summary;  // for GET / and the man page
};

std::span<const Route> routes();

struct RouteMatch {
  const Route* route = nullptr;              // nullptr: none
  std::string parameter;                     // the decoded "{}"
  bool bad_parameter = false;                // it had a broken escape
  std::string allowed;                       // path known, method not: "GET, HEAD"
  FrontEnd front_end = FrontEnd::kChannels;  // of the path, also without a route
};
RouteMatch find_route(const options::Options& options, Plane plane, std::string_view method,
                      std::string_view path);

}  // namespace relay::frontend
