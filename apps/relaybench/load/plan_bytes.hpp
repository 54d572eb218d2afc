// A Plan as bytes, for a worker that carries it out: the same version of the program at both ends. Values;
// any thread.
#pragma once

#include <string>

#include "load/pack.hpp"
#include "plan.hpp"

namespace relay::bench {

std::string plan_bytes(const Plan& plan);
Plan take_plan(Unpacker& in);

// Part `index` of plan.workers.size(): its channels, and the share of subscribers, publishers and rates that
// goes with them. Nobody hears a channel of another part, so no clock is compared with that of another
// machine. What is looked at beside the load (the server's cost, actions) stays with who asked. REQUIRES:
// check() found nothing.
Plan part_of(const Plan& plan, std::size_t index);

}  // namespace relay::bench
