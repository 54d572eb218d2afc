// Carries a Plan out: starts the generators, brings them through setup, warm-up, stages and drain, and
// gathers what they measured.
//
// run() blocks and ignores SIGPIPE from then on; it forks `processes` generators (REQUIRES: the calling
// process has one thread), each with one event loop, and talks to them over pipes; or it leaves that to
// workers on other machines (workers.hpp). Progress is called on the caller's thread. Errors: kInvalid for a
// Plan, driver or machine that cannot do it ("bad_plan", "no_descriptors", …), kUnavailable "not_reached"
// when the target answers nobody, kInternal "generator_failed". A server that loses or refuses is no error:
// it is what the RunResult says.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "load/tally.hpp"
#include "plan.hpp"
#include "result.hpp"

namespace relay::bench {

enum class Phase : std::uint8_t { kSetup, kWarmup, kStage, kDrain, kDone };

// One line's worth of what is going on.
struct Moment {
  Phase phase = Phase::kSetup;
  std::string_view stage;            // its name, in kStage
  Nanoseconds elapsed{0};            // of the phase
  Nanoseconds length{0};             // of the phase; 0: nobody knows
  Nanoseconds at{0};                 // begin of the last interval, since the end of the warm-up
  std::uint64_t clients = 0;         // connected
  std::uint64_t wanted = 0;          // clients that should be
  double in_rate = 0;                // publishes a second, over the last interval
  double out_rate = 0;               // deliveries a second
  Nanoseconds p99{0};                // end to end, over the last interval
  Nanoseconds lag{0};                // the generator's own p99 lateness
  std::uint64_t unchecked_gaps = 0;  // sequence numbers missing so far; not yet judged
  // Of the interval that has just ended, where one of the measured part has; valid during the call.
  const Figures* figures = nullptr;
  const IntervalTally* interval = nullptr;
};

class Progress {
 public:
  virtual ~Progress() = default;
  // At the beginning of each phase and about once per interval.
  virtual void on_moment(const Moment& moment) = 0;
  // Asked often: true ends the run early, by way of the drain; the result is stamped aborted.
  virtual bool stop_wanted() { return false; }
  // Asked often once all clients are there: whether the load may begin.
  virtual bool may_begin() { return true; }
  // Each interval of all generators, in order; `at` its begin since the end of the warm-up, INT64_MIN for the
  // clients that have come during setup.
  virtual void on_interval(std::int64_t at, const IntervalTally& interval) {
    (void)at;
    (void)interval;
  }
};

relay::Result<RunResult> run(const Plan& plan, Progress& progress);
// The same without the report: what a worker hands to who asked it.
struct Gathered;
relay::Result<Gathered> gather(const Plan& plan, Progress& progress);

}  // namespace relay::bench
