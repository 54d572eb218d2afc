// What the bridge front-end keeps over all loops of the process: limits by address, the cork, the posters.
//
// Made by server/ before the loops run; outlives their sessions. Any thread; each part says how.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "frontend/bridge_cork.hpp"
#include "frontend/bridge_hooks.hpp"
#include "frontend/bridge_limits.hpp"
#include "frontend/context.hpp"
#include "frontend/http_session.hpp"

namespace relay::frontend {

class BridgeState {
 public:
  BridgeRateLimiter rates;
  BridgeConnections connections;
  BridgeCork cork;

  // The poster of the calling loop; made at its first use.
  BridgePoster& poster(LoopContext& here);

 private:
  static constexpr std::size_t kMaxLoops = 64;
  std::array<std::shared_ptr<BridgePoster>, kMaxLoops>
      posters_;  // each touched by the loop of its index only
  std::once_flag tls_once_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
};

// The http_* series of one answered request; a stream counts when it opens.
void count_bridge_request(Exchange& exchange, int status, std::size_t response_bytes);

// Whether the request carries one of bridge.bypass_tokens. Counts its use.
bool bypasses_limits(Exchange& exchange);

// What an operator should know before clients come: settings that are allowed and hardly ever meant.
std::vector<std::string> bridge_warnings(const options::Options& options);

}  // namespace relay::frontend
