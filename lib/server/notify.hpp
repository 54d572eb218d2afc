// sd_notify(3), spoken directly: one datagram to $NOTIFY_SOCKET (path or abstract). Without systemd: nothing.
// Any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace relay::server {

// "READY=1", "STATUS=…", "STOPPING=1", lines joined by \n.
void notify(std::string_view state);
// RELOADING=1 with the monotonic time systemd wants beside it.
void notify_reloading();
// How often WATCHDOG=1 is due ($WATCHDOG_USEC halved, for this process); nothing if nobody watches.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace relay::server
