// Thresholds: "e2e.p99<20ms", "lost==0", "publish.error_rate < 0.1%", "delivered.rate>=0.99*target".
//
//     threshold = measure op value          op = < | <= | > | >= | == | !=
//     value     = number [unit] | [number "*"] "target"
// `target` is what the schedule asks for (delivered.rate and published.rate have one, in an open loop). What
// was not measured holds no threshold. Values and pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/measure.hpp"

namespace relay::bench {

enum class Comparison : std::uint8_t { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };

struct Threshold {
  std::string expression;  // as it was written
  std::string stage;       // empty: the whole run
  Measure measure;
  Comparison comparison = Comparison::kLess;
  double value = 0;  // in the measure's unit, or the factor of `target`
  bool of_target = false;
  // While the run goes on: whether it ends when this is out of reach, and how long that is not looked at.
  bool aborts = false;
  std::int64_t after_ns = 0;
};

// Errors: kInvalid "bad_threshold", one line that says what is wrong with which part; with a stage also when
// the measure is known for the whole run alone.
Result<Threshold> parse_threshold(std::string_view text, std::string_view stage = {});

// A stage that the result does not have fails.
ThresholdOutcome judge_threshold(const Threshold& threshold, const RunResult& result);
// The same over some figures while the run goes on: for thresholds that end it early. Nothing measured yet:
// holds.
bool holds_so_far(const Threshold& threshold, const RunResult& result, const Figures& figures);

}  // namespace relay::bench
