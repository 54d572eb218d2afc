// The few measures by which two results are compared. Pure; any thread.
//
// Few, because each one more raises what chance may do and so what Holm's correction asks for: with five runs
// of each side, six are the most that can still differ significantly.
#pragma once

#include <vector>

#include "report/measure.hpp"

namespace relay::bench {

// The first six, by weight, that say something about this load and were measured: latencies; in a closed loop
// the rates; the server's cost per delivery, or per publish where nothing is delivered; its memory per
// client.
std::vector<Measure> headline(const RunResult& result);

}  // namespace relay::bench
