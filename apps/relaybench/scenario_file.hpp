// A scenario: a TOML file that says what to run, read into a Request.
//
//     name = "prices"                       # else the file's name
//     [target] [load] [trouble] [time] [server] [verdict]    keys are the knobs, knobs.hpp
//     [[stage]]      name, duration, clients, rate (numbers, or shares of [load]: "50%"), ramp
//     [[threshold]]  expr, stage
//
// Everything that is wrong is told at once, each with line, column and the nearest name. Reads no other file.
// Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "options/setting.hpp"
#include "request.hpp"

namespace relay::bench {

// Adds what the text says to `request`. `name` is what diagnostics call the text. Empty: nothing is wrong.
std::vector<options::Diagnostic> read_scenario(std::string_view text, const std::string& name,
                                               Request& request);

// The same for a file; without a `name` in it the run is called like the file. Failures: kNoInput, kData with
// all diagnostics.
cli::Outcome<void> read_scenario_file(const std::string& path, Request& request);

}  // namespace relay::bench
