// From what was counted to what is reported: a RunResult out of the plan, the merged tally, the intervals and
// the server's snapshots. Pure but for describe_host(). One thread.
#pragma once

#include <cstdint>
#include <map>

#include "load/redis_info.hpp"
#include "load/server_cost.hpp"
#include "load/tally.hpp"
#include "plan.hpp"
#include "result.hpp"

namespace relay::bench {

// Everything that the parent has when the last generator is done.
struct Gathered {
  explicit Gathered(std::size_t stages) : tally(stages) {}
  Tally tally;
  std::map<std::int64_t, IntervalTally> intervals;  // by their begin since the end of the warm-up
  std::int64_t start_wall_ms = 0;
  std::uint64_t clients = 0;     // live at the end of setup
  std::int64_t measured_ns = 0;  // of the stages that ran
  std::int64_t drained_ns = 0;   // from the end of the warm-up until the drain was over
  std::uint32_t run = 0;
  bool aborted = false;
  ServerCost::Snapshot before_clients;
  ServerCost::Snapshot with_clients;
  ServerCost::Snapshot at_begin;  // of the measured part
  ServerCost::Snapshot at_end;    // of the drain
  RedisInfo::Pages redis_at_begin;
  RedisInfo::Pages redis_at_end;
  std::vector<ActionOutcome> actions;
  std::vector<WorkerNote> workers;
  std::string server_source;
  std::string server_version;  // as it says itself; may be empty
};

// Of one interval, with what the schedule asks of it; its errors are all so far.
Figures figures_of(const Plan& plan, const IntervalTally& interval, std::int64_t at_ns);

RunResult report_of(const Plan& plan, const Gathered& gathered);

// Equal for plans that ask for the same load, whatever the target: 16 hex digits.
std::string scenario_hash(const Plan& plan);
Host describe_host();

}  // namespace relay::bench
