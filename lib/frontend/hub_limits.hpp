// The hub's limits, as the options say. Pure; any thread.
#pragma once

#include "hub/hub.hpp"
#include "options/options.hpp"

namespace relay::frontend {

hub::HubLimits hub_limits(const options::Options& options);

}  // namespace relay::frontend
