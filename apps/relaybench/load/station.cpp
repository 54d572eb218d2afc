#include "load/station.hpp"

namespace relay::bench {

Station::Station(RunSetup& run_setup, std::uint32_t process_index)
    : setup(run_setup),
      plan(run_setup.plan),
      index(process_index),
      loop(static_cast<int>(process_index)),
      tally(run_setup.plan.stages.size()),
      padding(run_setup.plan.seed, run_setup.plan.shape.size_max),
      warmup_ns_(std::chrono::duration_cast<Nanoseconds>(plan.warmup).count()) {
  std::int64_t end = warmup_ns_;
  for (const StagePlan& stage : plan.stages) {
    end += std::chrono::duration_cast<Nanoseconds>(stage.duration).count();
    stage_ends_.push_back(end);
  }
}

// Hot: once per delivery. A few stages: looking at each costs less than anything clever.
std::size_t Station::stage_at(std::int64_t time) const {
  const std::int64_t since = time - begin;
  if (begin == 0 || since < warmup_ns_) return kNoStage;
  for (std::size_t i = 0; i + 1 < stage_ends_.size(); ++i) {
    if (since < stage_ends_[i]) return i;
  }
  return stage_ends_.size() - 1;
}

}  // namespace relay::bench
