// Whether something became better or worse: runs of a base against runs of what is new.
//
// With two runs or more of each side, each run is one value of the sample: the shift is Hodges-Lehmann's, its
// interval a bootstrap's, its significance Mann-Whitney's after Holm. With fewer, the intervals of the time
// series are the sample, drawn in blocks: such a verdict is weak, for it knows nothing of what differs from
// run to run. Verdicts:
//     same     the whole interval lies within the tolerance
//     better   the shift is beyond the tolerance, its interval on one side of zero, and p < 0.05 (weak: the
//     whole worse    interval is beyond the tolerance) unclear  none of these: more runs would tell
// Values and pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "report/measure.hpp"
#include "report/statistics.hpp"

namespace relay::bench {

struct CompareOptions {
  double tolerance = 0.05;  // a share of the base
  bool force = false;       // also what differs in load, seed or machine, or is not valid
};

enum class Change : std::uint8_t { kSame, kBetter, kWorse, kUnclear };
std::string_view name_of(Change change);

struct CompareRow {
  Measure measure;
  double base = 0;  // median of the runs
  double fresh = 0;
  std::optional<double> shift;       // as a share of the base
  std::optional<Interval> interval;  // likewise
  std::optional<double> p;           // after Holm
  bool weak = false;
  Change change = Change::kUnclear;
};

struct CompareReport {
  std::size_t base_runs = 0;
  std::size_t fresh_runs = 0;
  double tolerance = 0;
  std::vector<CompareRow> rows;
  std::string broken;              // the promise of delivery, in a new run and in none of the base; empty: no
  std::vector<std::string> notes;  // what limits what this can say
};

// Errors: kInvalid "nothing_to_compare" without runs or common measures; kConflict "not_comparable" with all
// reasons.
Result<CompareReport> compare(const std::vector<RunResult>& base, const std::vector<RunResult>& fresh,
                              const CompareOptions& options);
bool is_worse(const CompareReport& report);

std::string to_text(const CompareReport& report);
std::string to_json(const CompareReport& report);  // {schema: "relaybench-compare/1", ...}

}  // namespace relay::bench
