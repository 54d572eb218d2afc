// relayd's own front-end, channels (docs/http.md): GET /v1/events, GET /v1/ws, POST /v1/channels/…/messages.
//
// Subscribers: sse, ws (format=json), ws-raw (payloads alone: no ids, so nothing to resume from). Publishers:
// HTTP requests pipelined on one connection, or {"type":"publish"} over a WebSocket, matched by ref. A stream
// is live when its head is there; format=json says `subscribed` behind it, which brings nothing new.
#pragma once

#include <memory>

#include "drivers/driver.hpp"

namespace relay::bench {

// Errors: kInvalid "bad_url", "bad_driver_option".
relay::Result<std::unique_ptr<Driver>> make_relay(const TargetPlan& target);

}  // namespace relay::bench
