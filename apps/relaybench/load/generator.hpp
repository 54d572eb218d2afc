// One generator: a process of its own with one loop, from setup to its Tally.
//
//     setup → ready → (the parent gives the time) → load → drain → (the parent gives all exceptions) → tally
//
// run_generator() is what the forked child does; it returns when the tally is written or the parent is gone.
// What it says to the parent are records (pipe.hpp). The drain ends when everything that was sent is here and
// nothing more came for a moment, or after the grace.
#pragma once

#include <cstdint>

#include "load/station.hpp"

namespace relay::bench {

// `to_parent` and `from_parent` are blocking pipe ends.
void run_generator(RunSetup& setup, std::uint32_t index, int to_parent, int from_parent);

}  // namespace relay::bench
