// The ready-made loads: what `relaybench fanout`, `pairs` and the others run, and what `scenarios` shows.
//
// A load is a list of knobs and their texts, as somebody would type them; what stands on the command line
// comes on top. A new one is a row in loads.cpp; it is then a command, a scenario, and a LOAD of versus,
// search and floor. Constant; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/form.hpp"
#include "knobs.hpp"

namespace relay::bench {

struct ReadyLoad {
  std::string_view name;
  std::string_view help;  // one line without a full stop
  std::string_view text;  // for --help and the man page; ends with a line feed
  std::vector<Given> given;
  std::vector<cli::Example> examples;
  // A flag that means another one here: "--rate" of connect is --connect-rate.
  std::string_view flag = {};
  std::string_view means = {};
};

std::span<const ReadyLoad> loads();
const ReadyLoad* find_load(std::string_view name);
// As a scenario file, every key with its help beside it.
std::string scenario_text(const ReadyLoad& load);

// What LOAD (the name of a ready-made load, or a scenario file) and then the knobs among the arguments ask
// for. Failures: kUsage, kNoInput, kData.
cli::Outcome<Request> request_of(const std::string& load, const cli::Arguments& arguments);
// The knobs among the arguments alone, on top of what `request` has. Failures: kUsage.
cli::Outcome<void> give_knobs(const cli::Arguments& arguments, Request& request);

}  // namespace relay::bench
