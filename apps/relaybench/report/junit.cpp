#include "report/junit.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/clock.hpp"
#include "report/facts.hpp"
#include "report/markup.hpp"

namespace relay::bench {
namespace {

struct Case {
  std::string name;
  std::string failure;  // empty: passed
};

std::vector<Case> cases_of(const RunResult& result) {
  std::string reasons;
  for (const std::string& reason : result.generator.reasons)
    reasons += (reasons.empty() ? "" : "; ") + reason;
  if (!result.generator.valid && reasons.empty()) reasons = "saturated";
  const std::string promise = result.load.delivery.empty() ? "delivery" : "delivery " + result.load.delivery;
  std::vector<Case> out{{"generator is valid", result.generator.valid ? "" : reasons},
                        {promise, result.delivery.broken}};
  if (result.run.aborted) out.push_back({"ran to its end", "ended early"});
  for (const ThresholdOutcome& one : result.thresholds)
    out.push_back(
        {one.expression + (one.stage.empty() ? "" : " in " + one.stage), one.ok ? "" : "found " + one.value});
  return out;
}

}  // namespace

std::string to_junit(const RunResult& result) {
  const auto cases = cases_of(result);
  const auto failures =
      std::count_if(cases.begin(), cases.end(), [](const Case& one) { return !one.failure.empty(); });
  char time[40];
  std::snprintf(time, sizeof time, "%.3f", static_cast<double>(result.run.duration_ns) / 1e9);
  const std::string name = "relaybench." + result.run.name;
  std::string when = rfc3339(result.run.start_ms);
  when.resize(19);  // without fraction and zone, as its readers expect
  const std::string counts = attribute("tests", std::to_string(cases.size())) +
                             attribute("failures", std::to_string(failures)) + attribute("errors", "0") +
                             attribute("time", time);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + counts + ">\n";
  out += "  <testsuite" + attribute("name", name) + counts + attribute("timestamp", when) + ">\n";
  for (const Case& one : cases) {
    out += "    <testcase" + attribute("classname", name) + attribute("name", one.name) +
           attribute("time", time);
    out += one.failure.empty()
               ? "/>\n"
               : ">\n      <failure" + attribute("message", one.failure) + "/>\n    </testcase>\n";
  }
  out += "    <system-out>" + escaped(load_words(result) + "\n" + delivery_words(result.delivery)) +
         "</system-out>\n";
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace relay::bench
