#include "report/compare.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "report/headline.hpp"

namespace relay::bench {
namespace {

constexpr double kLevel = 0.05;
constexpr std::uint64_t kSeed = 1;  // the same runs give the same verdict

using Runs = std::vector<RunResult>;

Error not_comparable(const std::vector<std::string>& reasons) {
  std::string text;
  for (const std::string& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
  return make_error(ErrorKind::kConflict, "not_comparable", std::move(text));
}

bool all_equal(const std::vector<const RunResult*>& runs,
               const std::function<bool(const RunResult&, const RunResult&)>& equal) {
  return std::all_of(runs.begin(), runs.end(),
                     [&](const RunResult* run) { return equal(*runs.front(), *run); });
}

bool same_machine(const Host& a, const Host& b) {
  return a.cpu_model == b.cpu_model && a.cpus == b.cpus && a.memory_bytes == b.memory_bytes &&
         a.kernel == b.kernel;
}

std::vector<std::string> differences(const std::vector<const RunResult*>& runs) {
  std::vector<std::string> out;
  if (!all_equal(runs,
                 [](const auto& a, const auto& b) { return a.run.scenario_hash == b.run.scenario_hash; }))
    out.emplace_back("the loads differ (scenario_hash)");
  if (!all_equal(runs, [](const auto& a, const auto& b) { return a.run.seed == b.run.seed; }))
    out.emplace_back("the seeds differ");
  if (!all_equal(runs, [](const auto& a, const auto& b) { return same_machine(a.host, b.host); }))
    out.emplace_back("the machines differ");
  for (const RunResult* run : runs) {
    if (!run->generator.valid)
      out.push_back("run " + run->run.id + " is not valid: its generator was saturated");
    if (run->run.aborted) out.push_back("run " + run->run.id + " was ended early");
  }
  return out;
}

std::vector<double> values_of(const Runs& runs, const Measure& measure) {
  std::vector<double> out;
  for (const RunResult& run : runs)
    if (const auto value = measure.of(run)) out.push_back(*value);
  return out;
}

// The measure in each interval of the run; empty when the series does not have it.
std::vector<double> series_of(const RunResult& run, const Measure& measure) {
  std::vector<double> out;
  for (const SeriesPoint& point : run.series) {
    if (measure.name() == "e2e.p50") out.push_back(static_cast<double>(point.p50_ns));
    if (measure.name() == "e2e.p99") out.push_back(static_cast<double>(point.p99_ns));
    if (measure.name() == "published.rate") out.push_back(point.published_per_s);
    if (measure.name() == "delivered.rate") out.push_back(point.delivered_per_s);
  }
  return out;
}

Interval share_of(const Interval& interval, double base) {
  return {interval.low / base, interval.high / base};
}

void fill_from_runs(CompareRow& row, const std::vector<double>& base, const std::vector<double>& fresh) {
  row.p = mann_whitney(base, fresh);
  if (row.base == 0) return;
  row.shift = hodges_lehmann(base, fresh) / row.base;
  row.interval = share_of(bootstrap_shift(base, fresh, kSeed), row.base);
}

void fill_from_series(CompareRow& row, const RunResult& base, const RunResult& fresh) {
  row.weak = true;
  if (row.base == 0) return;
  row.shift = row.fresh / row.base - 1;
  const auto before = series_of(base, row.measure);
  const auto after = series_of(fresh, row.measure);
  constexpr std::size_t kLeastIntervals = 10;
  if (before.size() < kLeastIntervals || after.size() < kLeastIntervals || median(before) == 0) return;
  row.interval = share_of(block_bootstrap_shift(before, after, kSeed), median(before));
}

Change direction(const CompareRow& row) {
  const bool grew = *row.shift > 0;
  return grew == (row.measure.better() == Better::kHigher) ? Change::kBetter : Change::kWorse;
}

Change judge(const CompareRow& row, double tolerance) {
  if (row.base == 0 && row.fresh == 0) return Change::kSame;
  if (!row.interval) return Change::kUnclear;
  const auto [low, high] = *row.interval;
  if (low >= -tolerance && high <= tolerance) return Change::kSame;
  if (row.weak) return low > tolerance || high < -tolerance ? direction(row) : Change::kUnclear;
  const bool clear = (low > 0 || high < 0) && std::abs(*row.shift) > tolerance && row.p && *row.p < kLevel;
  return clear ? direction(row) : Change::kUnclear;
}

std::size_t runs_needed(std::size_t measures) {
  std::size_t runs = 2;
  while (least_p(runs, runs) * static_cast<double>(measures) >= kLevel) ++runs;
  return runs;
}

void correct_and_judge(CompareReport& report) {
  std::vector<double> p;
  for (const CompareRow& row : report.rows)
    if (row.p) p.push_back(*row.p);
  const auto corrected = holm(p);
  std::size_t next = 0;
  for (CompareRow& row : report.rows) {
    if (row.p) row.p = corrected[next++];
    row.change = judge(row, report.tolerance);
  }
  if (!p.empty() && least_p(report.base_runs, report.fresh_runs) * static_cast<double>(p.size()) >= kLevel)
    report.notes.push_back("so few runs cannot show a difference: take " +
                           std::to_string(runs_needed(p.size())) + " of each side");
  if (p.empty())
    report.notes.emplace_back(
        "weak: from one run; what differs from run to run is not in it. Take 5 runs of each");
}

std::string broken_in(const Runs& runs) {
  const auto found =
      std::find_if(runs.begin(), runs.end(), [](const RunResult& r) { return !r.delivery.broken.empty(); });
  return found == runs.end() ? "" : found->delivery.broken;
}

}  // namespace

std::string_view name_of(Change change) {
  switch (change) {
    case Change::kSame:
      return "same";
    case Change::kBetter:
      return "better";
    case Change::kWorse:
      return "worse";
    case Change::kUnclear:
      return "unclear";
  }
  return "";
}

Result<CompareReport> compare(const Runs& base, const Runs& fresh, const CompareOptions& options) {
  const auto nothing = [](const char* why) {
    return make_error(ErrorKind::kInvalid, "nothing_to_compare", why);
  };
  if (base.empty() || fresh.empty()) return nothing("each side needs a result");
  std::vector<const RunResult*> runs;
  for (const RunResult& run : base) runs.push_back(&run);
  for (const RunResult& run : fresh) runs.push_back(&run);
  const auto reasons = differences(runs);
  if (!reasons.empty() && !options.force) return not_comparable(reasons);

  CompareReport out{base.size(), fresh.size(), options.tolerance, {}, {}, reasons};
  for (const Measure& measure : headline(base.front())) {
    const auto before = values_of(base, measure);
    const auto after = values_of(fresh, measure);
    if (before.empty() || after.empty()) continue;
    CompareRow row{measure, median(before), median(after), {}, {}, {}, false, Change::kUnclear};
    if (before.size() >= 2 && after.size() >= 2)
      fill_from_runs(row, before, after);
    else
      fill_from_series(row, base.front(), fresh.front());
    out.rows.push_back(std::move(row));
  }
  if (out.rows.empty()) return nothing("the two sides have no measure in common");
  if (broken_in(base).empty()) out.broken = broken_in(fresh);
  correct_and_judge(out);
  return out;
}

bool is_worse(const CompareReport& report) {
  return !report.broken.empty() ||
         std::any_of(report.rows.begin(), report.rows.end(),
                     [](const CompareRow& row) { return row.change == Change::kWorse; });
}

}  // namespace relay::bench
