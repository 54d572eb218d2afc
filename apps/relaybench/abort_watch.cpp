#include "abort_watch.hpp"

#include <algorithm>
#include <array>

namespace relay::bench {
namespace {

constexpr int kMostMisses = 3;

constexpr std::array<std::string_view, 7> kGrowing{"duplicate", "reordered",      "corrupt",       "foreign",
                                                   "late",      "publish.errors", "connect.errors"};
constexpr std::array<std::string_view, 3> kByInterval{"delivered.rate", "published.rate",
                                                      "generator.lag_p99"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, const Threshold& threshold) {
  return std::find(names.begin(), names.end(), threshold.measure.key()) != names.end();
}

bool is_upper_bound(Comparison comparison) {
  return comparison == Comparison::kLess || comparison == Comparison::kLessEqual ||
         comparison == Comparison::kEqual;
}

// Latencies of which each interval has a histogram.
bool is_latency(const Threshold& threshold) {
  const std::string_view key = threshold.measure.key();
  if (is_one_of(kGrowing, threshold) || key.ends_with(".count") || key.ends_with("rate")) return false;
  return key.starts_with("e2e.") || key.starts_with("connect.");
}

// What has once been too great stays so. Counts are known for the whole run alone.
bool never_recovers(const Threshold& threshold) {
  if (!is_upper_bound(threshold.comparison)) return false;
  if (is_one_of(kGrowing, threshold)) return threshold.stage.empty();
  return is_latency(threshold) && threshold.measure.key().ends_with(".max");
}

}  // namespace

bool AbortWatch::can_watch(const Threshold& threshold) {
  return never_recovers(threshold) || is_latency(threshold) || is_one_of(kByInterval, threshold);
}

AbortWatch::AbortWatch(std::span<const Threshold> thresholds) {
  for (const Threshold& one : thresholds) {
    if (!one.aborts) continue;
    Watched& watched = watched_.emplace_back(Watched{one, never_recovers(one) ? 1 : kMostMisses});
    // Fewer than n can still become n.
    const bool grows = is_one_of(kGrowing, one) && one.comparison == Comparison::kEqual;
    if (grows) watched.threshold.comparison = Comparison::kLessEqual;
  }
}

bool AbortWatch::exceeded(const Moment& moment) {
  if (moment.phase != Phase::kStage || moment.figures == nullptr) return false;
  RunResult so_far;
  so_far.delivery = moment.interval->delivery;
  so_far.generator.lag_p99_ns = moment.interval->lag.percentile(99);
  bool too_many = false;
  for (Watched& one : watched_) {
    const bool whole_run = one.threshold.stage.empty();
    if (!whole_run && one.threshold.stage != moment.stage) continue;
    if ((whole_run ? moment.at : moment.elapsed) < Nanoseconds(one.threshold.after_ns)) continue;
    one.misses = holds_so_far(one.threshold, so_far, *moment.figures) ? 0 : one.misses + 1;
    too_many = too_many || one.misses >= one.most_misses;
  }
  return too_many;
}

}  // namespace relay::bench
