// A result as one self-contained HTML page: verdict, tables, curves. Pure; any thread.
#pragma once

#include <string>

#include "result.hpp"

namespace relay::bench {

// With `other` (the one before), its curves lie under those of `result` and a table says what changed.
std::string to_html(const RunResult& result, const RunResult* other = nullptr);

}  // namespace relay::bench
