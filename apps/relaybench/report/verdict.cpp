#include "report/verdict.hpp"

#include <algorithm>
#include <array>

#include "base/exit_code.hpp"
#include "cli/human.hpp"

namespace relay::bench {
namespace {

struct Break {
  std::string_view name;
  std::uint64_t Delivery::* count;
  bool at_most_once;
  bool at_least_once;
  bool exactly_once;
};
// kOrdered: all of them.
constexpr std::array<Break, 5> kBreaks{{{"lost", &Delivery::lost, false, true, true},
                                        {"duplicate", &Delivery::duplicate, true, false, true},
                                        {"out of order", &Delivery::reordered, false, false, false},
                                        {"corrupt", &Delivery::corrupt, true, true, true},
                                        {"foreign", &Delivery::foreign, true, true, true}}};

bool breaks(const Break& row, DeliveryMode mode) {
  switch (mode) {
    case DeliveryMode::kAtMostOnce:
      return row.at_most_once;
    case DeliveryMode::kAtLeastOnce:
      return row.at_least_once;
    case DeliveryMode::kExactlyOnce:
      return row.exactly_once;
    case DeliveryMode::kOrdered:
      return true;
  }
  return true;
}

}  // namespace

std::string broken_promise(const Delivery& delivery, DeliveryMode mode) {
  std::string out;
  for (const Break& row : kBreaks) {
    const std::uint64_t count = delivery.*row.count;
    if (count == 0 || !breaks(row, mode)) continue;
    if (!out.empty()) out += ", ";
    out += std::string(row.name) + " " + cli::grouped(static_cast<std::int64_t>(count));
  }
  return out;
}

void judge(RunResult& result, std::span<const Threshold> thresholds, const Terms& terms) {
  result.thresholds.clear();
  result.delivery.broken = broken_promise(result.delivery, terms.delivery);
  for (const Threshold& threshold : thresholds)
    result.thresholds.push_back(judge_threshold(threshold, result));
  const bool missed = std::any_of(result.thresholds.begin(), result.thresholds.end(),
                                  [](const ThresholdOutcome& t) { return !t.ok; });
  if (!result.generator.valid && !terms.allow_saturated)
    result.exit_code = kExitSaturated;
  else if (!result.delivery.broken.empty())
    result.exit_code = kExitBroken;
  else
    result.exit_code = missed ? kExitMissed : exit_code::kOk;
}

std::string_view verdict_word(int code) {
  switch (code) {
    case exit_code::kOk:
      return "PASS";
    case kExitSaturated:
      return "INVALID";
    case kExitBroken:
      return "BROKEN";
    case kExitMissed:
      return "MISSED";
    default:
      return "ABORTED";
  }
}

}  // namespace relay::bench
