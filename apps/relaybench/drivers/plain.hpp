// A server that no other driver knows: URLs and bodies are templates, and a payload is found inside whatever
// comes. SSE subscribers are live with the head, WebSockets with the 101, or behind the first text that
// contains `live`.
#pragma once

#include "drivers/driver.hpp"

namespace relay::bench {

relay::Result<std::unique_ptr<Driver>> make_plain(const TargetPlan& target);

inline constexpr std::string_view kPlainOptions =
    "sse: path of a stream (/events/{channel}); ws: path of a WebSocket (/ws/{channel}); publish: path of a "
    "publish (/publish/{channel}); body: of a publish ({payload}); type: its Content-Type; hello: text to "
    "send "
    "when a WebSocket is open; live: what a WebSocket says when it is";

}  // namespace relay::bench
