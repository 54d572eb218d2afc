// Every number of a result that a threshold, a comparison or a search may name: "e2e.p99", "delivered.rate",
// "lost".
//
// Latencies are a key of report/latency.hpp with a statistic (min, mean, stddev, max, count, p50, p99.9, …);
// everything else is a row of measures(). Constant tables and pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "report/units.hpp"
#include "result.hpp"

namespace relay::bench {

enum class Better : std::uint8_t { kLower, kHigher, kNeither };

struct MeasureRow {
  std::string_view name;
  Unit unit;
  Better better;
  std::string_view help;
  // `figures` is the whole run's or a stage's. Nothing when it was not measured.
  std::optional<double> (*get)(const RunResult& result, const Figures& figures);
  bool by_stage = false;  // known for each stage, not only for the whole run
  // What the schedule asks for, where it asks: the `target` of a threshold.
  std::optional<double> (*target)(const Figures& figures) = nullptr;
};
std::span<const MeasureRow> measures();

enum class Statistic : std::uint8_t { kMin, kMean, kStddev, kMax, kCount, kPercentile };

class Measure {
 public:
  const std::string& name() const { return name_; }                                     // as it was written
  std::string_view key() const { return row_ ? row_->name : std::string_view(name_); }  // "dup": "duplicate"
  Unit unit() const {
    return row_ ? row_->unit : statistic_ == Statistic::kCount ? Unit::kCount : Unit::kTime;
  }
  Better better() const;
  bool by_stage() const { return row_ ? row_->by_stage : latency_ != Latency::kSilence; }
  bool has_target() const { return row_ && row_->target; }

  std::optional<double> of(const RunResult& result, const Figures& figures) const;
  std::optional<double> of(const RunResult& result) const { return of(result, result.total); }
  std::optional<double> target(const Figures& figures) const;

 private:
  friend Result<Measure> find_measure(std::string_view name);

  std::string name_;
  const MeasureRow* row_ = nullptr;  // else a latency
  Latency latency_ = Latency::kEndToEnd;
  Statistic statistic_ = Statistic::kMean;
  double percent_ = 0;
};

// "e2e.p999" and "p9999" are 99.9 and 99.99, as HdrHistogram's tools write them. Errors: kInvalid
// "unknown_measure" with the nearest name.
Result<Measure> find_measure(std::string_view name);
// The names for help and completion: the rows, and each latency with its usual statistics.
std::vector<std::string> measure_names();

}  // namespace relay::bench
