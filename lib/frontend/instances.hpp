// Questions to the registry of all instances. It lives on the first loop; these ask it from any loop and
// answer there. Two thread hops each: one post to the first loop, one back. kUnavailable while the server
// stops.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "frontend/context.hpp"
#include "hub/registry.hpp"

namespace relay::frontend {

void ask_presence(LoopContext& here, std::string channel, std::uint32_t limit,
                  std::function<void(Result<hub::PresenceAnswer>)> done);
void ask_instances(LoopContext& here, std::function<void(Result<std::vector<hub::Instance>>)> done);
void ask_known(LoopContext& here, std::string instance, std::function<void(Result<bool>)> done);

}  // namespace relay::frontend
