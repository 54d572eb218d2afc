// A result as CSV (RFC 4180), one value a line: for spreadsheets and data frames. Pure; any thread.
#pragma once

#include <string>

#include "result.hpp"

namespace relay::bench {

// Columns run,name,stage,at_s,measure,value,unit. `stage` is empty for the whole run, `at_s` is there for the
// series alone. Units are ns, count, per_s, share, bytes, cores. What was not measured has no line.
std::string to_csv(const RunResult& result);

}  // namespace relay::bench
