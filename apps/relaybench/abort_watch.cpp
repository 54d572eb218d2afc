#include "abort_watch.hpp"

namespace relay::bench {
namespace {

constexpr int kMostMisses = 3;

}  // namespace

AbortWatch::AbortWatch(std::span<const Threshold> thresholds) {
  for (const Threshold& threshold : thresholds) {
    if (threshold.measure.name() == "e2e.p99" && !threshold.of_target) watched_.push_back({threshold, 0});
  }
}

bool AbortWatch::exceeded(const Moment& moment) {
  if (moment.phase != Phase::kStage || moment.p99 <= Nanoseconds{0}) return false;
  Figures interval;
  interval[Latency::kEndToEnd].record(moment.p99.count());
  bool too_many = false;
  for (Watched& one : watched_) {
    if (!one.threshold.stage.empty() && one.threshold.stage != moment.stage) continue;
    one.misses = holds_so_far(one.threshold, RunResult{}, interval) ? 0 : one.misses + 1;
    too_many = too_many || one.misses >= kMostMisses;
  }
  return too_many;
}

}  // namespace relay::bench
