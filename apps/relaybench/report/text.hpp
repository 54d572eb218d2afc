// A result for the terminal: ASCII, some ten lines. Pure; any thread.
#pragma once

#include <string>

#include "result.hpp"

namespace relay::bench {

std::string to_text(const RunResult& result, bool color);

}  // namespace relay::bench
