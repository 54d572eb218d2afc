// One measurement from what was asked for to its verdict, as the commands that measure have in common. One
// thread.
#pragma once

#include "commands/command.hpp"
#include "load/engine.hpp"
#include "request.hpp"
#include "result.hpp"

namespace relay::bench {

// Runs it with progress on standard error; SIGINT, SIGTERM and SIGHUP end it early and whole. The result is
// judged. Failures: kUsage for a request or threshold that cannot be, and what kept the run from happening.
// `engine` is run() of load/engine.hpp, or run_floor() of load/floor.hpp.
using Engine = relay::Result<RunResult> (*)(const Plan& plan, Progress& progress);
cli::Outcome<RunResult> measure(const Context& context, const Request& request, Engine engine = &run);

// Prints the result in the format of -o, writes the files that were asked for, and says how the command ends:
// the result's exit code, kInterrupted after a signal. `mark` tells the files of a series apart
// (outputs.hpp).
int hand_over(const Context& context, const RunResult& result, const std::string& mark = {});
// The same for several, as it ends a series: the worst exit code.
int worst_exit(const RunResult& result, int so_far);

}  // namespace relay::bench
