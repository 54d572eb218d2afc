// What somebody asks for, as it was written, on its way to a Plan.
//
// Command line and scenario file fill a Request by the rows of knobs.hpp, in that order; finished() turns it
// into a Plan: stages get their shares, --scale and --duration apply, files named in it are read. Values; one
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/failure.hpp"
#include "plan.hpp"

namespace relay::bench {

// A number of clients or a rate of a stage: as such, or as a share ("50%") of what [load] says.
struct Level {
  double number = 1;
  bool share = true;
};

struct StageRequest {
  std::string name = "load";
  milliseconds duration{30'000};
  Level clients;
  Level rate;
  Ramp ramp = Ramp::kStep;
  std::optional<Level> churn = {};
  std::string action = {};
};

struct ThresholdRequest {
  std::string expression;  // "e2e.p99<20ms"
  std::string stage;       // empty: the whole run
  bool abort = false;      // ends the run as soon as it is out of reach
  milliseconds after{0};   // not before so much of the stage, or of all stages
};

struct Request {
  Plan plan;  // its stages stay empty until finished()
  std::vector<StageRequest> stages;
  std::optional<milliseconds> duration;  // of all stages together
  std::optional<milliseconds> ramp;      // over which the first clients come
  double scale = 1;
  bool all_channels = false;  // every subscriber hears every channel
  std::string token_file;
  std::vector<std::string> source_networks;  // "127.0.0.2", "127.0.0.0/28"
  std::vector<ThresholdRequest> thresholds;
  bool abort_on_fail = false;  // all that can be seen while the run goes on
  bool allow_hooks = false;    // stages may have actions: commands of this machine
  std::string worker_secret_file;
};

// Failures: kUsage for what makes no sense together, kNoInput for a token file that cannot be read.
cli::Outcome<Plan> finished(const Request& request);

}  // namespace relay::bench
