// Centrifugo 5 and 6, by its one-way transports (uni_sse, uni_websocket) and its HTTP API:
//
//     ?cf_connect={"subs":{"CHANNEL":{"recover":true,"offset":41,"epoch":"xyz"}}}
//     {"connect":{"client":…,"subs":{"CHANNEL":{"epoch":"xyz","offset":42,"recovered":true,"publications":[…]}}}}
//     {"channel":"CHANNEL","pub":{"data":"PAYLOAD","offset":43}}          {} is a ping
//
// A stream is live with the connect push. Ids are "offset/epoch"; only a stream of one channel of a namespace
// with history has them. A token is the connection's; publishing needs the option api_key instead.
#pragma once

#include "drivers/driver.hpp"

namespace relay::bench {

relay::Result<std::unique_ptr<Driver>> make_centrifugo(const TargetPlan& target);

inline constexpr std::string_view kCentrifugoOptions =
    "api_key: of the HTTP API; namespace: put before each channel (none)";

}  // namespace relay::bench
