// The charts of a result. Pure; any thread.
#pragma once

#include <vector>

#include "report/chart.hpp"
#include "result.hpp"

namespace relay::bench {

// Latency by share of the values, latency over time, rates over time, clients over time: those that have
// something to show. Curves of `other`, when there is one, lie under them.
std::vector<Chart> charts(const RunResult& result, const RunResult* other);

}  // namespace relay::bench
