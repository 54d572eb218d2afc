// SIGINT and SIGTERM as something to ask about, for commands that tidy up or sum up before they end.
// Process-wide.
#pragma once

#include "base/clock.hpp"

namespace relay::cli {

// From here on these signals only set a flag.
void catch_interrupts();
bool interrupted();
// False when interrupted before the time was over.
bool pause_for(Milliseconds time);

}  // namespace relay::cli
