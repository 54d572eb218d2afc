// nginx with nchan, at the paths that its operator gave it. Over SSE and "ws" (sub-protocol ws+meta.nchan)
// messages have ids to resume from; "ws-raw" is the payload alone.
#pragma once

#include "drivers/driver.hpp"

namespace relay::bench {

relay::Result<std::unique_ptr<Driver>> make_nchan(const TargetPlan& target);

inline constexpr std::string_view kNchanOptions =
    "sse: path of an EventSource (/sse/{channels}); ws: path of a WebSocket (/ws/{channels}); multi: path "
    "for "
    "several channels (/multi/{channels}); publish: path of a publisher (/pub/{channel}); separator: between "
    "channels (,)";

}  // namespace relay::bench
