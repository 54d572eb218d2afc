// A Mercure hub (its specification, 0.x and 1.0): SSE with Last-Event-ID, publishing by form POST with a
// bearer token. Without a path in the target URL it is /.well-known/mercure.
#pragma once

#include "drivers/driver.hpp"

namespace relay::bench {

relay::Result<std::unique_ptr<Driver>> make_mercure(const TargetPlan& target);

inline constexpr std::string_view kMercureOptions =
    "subscribe: query parameter that names a topic (topic; 1.0: match)";

}  // namespace relay::bench
