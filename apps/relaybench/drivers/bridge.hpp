// Any TON Connect bridge (the HTTP bridge protocol, v3): subscribers are mailboxes of 64 hex digits, each
// message comes inside {"from","message",…}, and a stream resumes by Last-Event-ID. The target URL is the
// bridge's as wallets know it: …/bridge.
//
// Nothing in the protocol says that a stream is live: its head counts as that.
#pragma once

#include "drivers/driver.hpp"

namespace relay::bench {

relay::Result<std::unique_ptr<Driver>> make_bridge(const TargetPlan& target);

inline constexpr std::string_view kBridgeOptions = "ttl: seconds a message is kept (300)";

}  // namespace relay::bench
