#include "report/compare.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "bench/near.hpp"
#include "bench/sample_result.hpp"
#include "report/json.hpp"
#include "report/versus.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;
using Json = nlohmann::json;

// Runs of a server that is `shift` times as slow, each a little different from the others.
std::vector<RunResult> runs(int count, double shift, std::uint64_t first_seed) {
  std::vector<RunResult> out;
  for (int i = 0; i < count; ++i)
    out.push_back(sample_result(shift * (1 + 0.002 * i), first_seed + static_cast<std::uint64_t>(i)));
  return out;
}

const CompareRow& row(const CompareReport& report, std::string_view measure) {
  for (const CompareRow& one : report.rows)
    if (one.measure.name() == measure) return one;
  throw std::runtime_error("no such row");
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("runs of the same are the same") {
  const auto report = compare(runs(5, 1, 100), runs(5, 1, 200), {}).value();
  CHECK(row(report, "e2e.p50").change == Change::kSame);
  CHECK(row(report, "server.cpu_per_delivery").change == Change::kSame);
  CHECK_FALSE(is_worse(report));
  CHECK(has(to_text(report), "\nnot worse\n"));
}

TEST_CASE("slower is worse, faster is better") {
  const auto slower = compare(runs(5, 1, 100), runs(5, 1.3, 200), {}).value();
  CHECK(row(slower, "e2e.p50").change == Change::kWorse);
  CHECK(is_near(*row(slower, "e2e.p50").shift, 0.3, 0.05));
  CHECK(*row(slower, "e2e.p50").p < 0.05);
  CHECK_FALSE(row(slower, "e2e.p50").weak);
  CHECK(is_worse(slower));
  CHECK(has(to_text(slower), "worse\n"));
  CHECK(has(to_text(slower), "\nWORSE\n"));
  const auto faster = compare(runs(5, 1, 100), runs(5, 0.7, 200), {}).value();
  CHECK(row(faster, "e2e.p50").change == Change::kBetter);
  CHECK_FALSE(is_worse(faster));
}

TEST_CASE("what a higher number is depends on the measure") {
  auto base = runs(5, 1, 100);
  auto fresh = runs(5, 1, 200);
  for (auto* side : {&base, &fresh})
    for (RunResult& run : *side) run.load.open = false;
  for (RunResult& run : fresh) run.total.published *= 2;
  const auto report = compare(base, fresh, {}).value();
  CHECK(row(report, "published.rate").change == Change::kBetter);
  for (RunResult& run : fresh) run.total.published /= 4;
  CHECK(row(compare(base, fresh, {}).value(), "published.rate").change == Change::kWorse);
}

TEST_CASE("a difference within the tolerance is the same, and one beyond it needs runs") {
  CHECK(row(compare(runs(5, 1, 100), runs(5, 1.04, 200), {.tolerance = 0.1}).value(), "e2e.p50").change ==
        Change::kSame);
  const auto few = compare(runs(3, 1, 100), runs(3, 1.3, 200), {}).value();
  CHECK(row(few, "e2e.p50").change == Change::kUnclear);
  REQUIRE(few.notes.size() == 1);
  CHECK(has(few.notes[0], "so few runs cannot show a difference: take "));
}

TEST_CASE("single runs are judged by their series, weakly") {
  const auto report = compare(runs(1, 1, 100), runs(1, 1.5, 200), {}).value();
  CHECK(row(report, "e2e.p50").change == Change::kWorse);
  CHECK(row(report, "e2e.p50").weak);
  CHECK(row(report, "publish.p99").change == Change::kUnclear);
  CHECK(has(to_text(report), "worse (weak)"));
  CHECK(has(to_text(report), "note: weak"));
  auto base = runs(1, 1, 100);
  auto fresh = runs(1, 1, 200);
  base[0].series.resize(15);  // while the load is calm
  fresh[0].series.resize(15);
  CHECK(row(compare(base, fresh, {}).value(), "e2e.p50").change == Change::kSame);
}

TEST_CASE("six measures at most are compared, so that five runs can tell") {
  const auto report = compare(runs(5, 1, 100), runs(5, 1.3, 200), {}).value();
  CHECK(report.rows.size() == 6);
  CHECK(report.notes.empty());
  CHECK(least_p(5, 5) * 6 < 0.05);
}

TEST_CASE("what cannot be compared is refused with all reasons, unless forced") {
  auto fresh = runs(2, 1, 200);
  fresh[0].run.scenario_hash = "other";
  fresh[0].run.seed = 7;
  fresh[1].host.cpu_model = "Other CPU";
  fresh[1].generator.valid = false;
  const auto refused = compare(runs(2, 1, 100), fresh, {});
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == "not_comparable");
  CHECK(refused.error().message ==
        "the loads differ (scenario_hash); the seeds differ; the machines differ; run 5f0c1d2e is not valid: "
        "its "
        "generator was saturated");
  const auto forced = compare(runs(2, 1, 100), fresh, {.force = true});
  REQUIRE(forced.has_value());
  CHECK(forced->notes.size() == 5);  // the four reasons, and that two runs are few
  CHECK(compare({}, fresh, {}).error().code == "nothing_to_compare");
}

TEST_CASE("delivery that was whole and is broken is worse") {
  auto fresh = runs(5, 1, 200);
  fresh[3].delivery.broken = "lost 2";
  const auto report = compare(runs(5, 1, 100), fresh, {}).value();
  CHECK(is_worse(report));
  CHECK(has(to_text(report), "delivery is broken in a new run: lost 2\n"));
}

TEST_CASE("a comparison as JSON has what its text has") {
  const auto report = compare(runs(5, 1, 100), runs(5, 1.3, 200), {}).value();
  const Json json = Json::parse(to_json(report));
  CHECK(json["schema"] == "relaybench-compare/1");
  CHECK(json["worse"] == true);
  CHECK(json["rows"].size() == report.rows.size());
  CHECK(json["rows"][0]["measure"] == "e2e.p99");
  CHECK(json["rows"][0]["verdict"] == "worse");
  CHECK(json["rows"][0]["interval"].size() == 2);
}

TEST_CASE("versus takes ratios within pairs") {
  std::vector<VersusPair> pairs;
  for (int i = 0; i < 3; ++i) {
    // The machine slows down from pair to pair; the ratio stays.
    const double machine = 1 + 0.5 * i;
    pairs.push_back({sample_result(machine, 10), sample_result(2 * machine, 10)});
  }
  const auto rows = versus_rows(pairs);
  const auto cost = std::find_if(rows.begin(), rows.end(),
                                 [](const VersusRow& r) { return r.measure == "server.cpu_per_delivery"; });
  REQUIRE(cost != rows.end());
  CHECK(cost->ratios.size() == 3);
  CHECK(is_near(cost->median_ratio, 0.5, 1e-3));
  CHECK(is_near(cost->least, 0.5, 1e-3));
  CHECK(is_near(cost->greatest, 0.5, 1e-3));
  const std::string text = versus_text(pairs);
  CHECK(has(text, "A  relay sse  http://127.0.0.1:8080  relayd/0.1.0\n"));
  CHECK(has(text, "server.cpu_per_delivery      12.4us     24.9us    0.500   0.500 .. 0.500\n"));
  const Json json = Json::parse(versus_json(pairs));
  CHECK(json["schema"] == "relaybench-versus/1");
  CHECK(json["pairs"].size() == 3);
  CHECK(from_json(json["pairs"][1]["b"].dump()).has_value());
}

TEST_CASE("versus leaves out what one side did not measure, and names runs not to be trusted") {
  std::vector<VersusPair> pairs{{sample_result(), sample_result()}};
  pairs[0].b.server = {};
  pairs[0].a.generator.valid = false;
  pairs[0].b.delivery.broken = "lost 3";
  const std::string text = versus_text(pairs);
  CHECK_FALSE(has(text, "server.rss"));
  CHECK(has(text, "A 1: INVALID\nB 1: lost 3\n"));
}

}  // namespace
