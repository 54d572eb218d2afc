#include "report/threshold.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.hpp"

namespace relay::bench {
namespace {

struct Operator {
  std::string_view text;
  Comparison comparison;
};
// The longer ones first.
constexpr std::array<Operator, 6> kOperators{{{"<=", Comparison::kLessEqual},
                                              {">=", Comparison::kGreaterEqual},
                                              {"==", Comparison::kEqual},
                                              {"!=", Comparison::kNotEqual},
                                              {"<", Comparison::kLess},
                                              {">", Comparison::kGreater}}};

Error bad(std::string_view text, const std::string& why) {
  return make_error(ErrorKind::kInvalid, "bad_threshold", "threshold \"" + std::string(text) + "\": " + why);
}

bool compare(double found, Comparison comparison, double wanted) {
  switch (comparison) {
    case Comparison::kLess:
      return found < wanted;
    case Comparison::kLessEqual:
      return found <= wanted;
    case Comparison::kGreater:
      return found > wanted;
    case Comparison::kGreaterEqual:
      return found >= wanted;
    case Comparison::kEqual:
      return found == wanted;
    case Comparison::kNotEqual:
      return found != wanted;
  }
  return false;
}

// "target", "0.99*target"; nothing when it speaks of no target.
std::optional<Number> parse_target(std::string_view text) {
  constexpr std::string_view kWord = "target";
  if (!text.ends_with(kWord)) return {};
  text = trim(text.substr(0, text.size() - kWord.size()));
  if (text.empty()) return Number{1.0, {}};
  constexpr std::string_view kExpected = "a factor before target, like 0.99*target";
  if (!text.ends_with('*')) return Number{{}, kExpected};
  Number factor = parse_number(Unit::kShare, text.substr(0, text.size() - 1));
  if (!factor.value) factor.expected = kExpected;
  return factor;
}

std::optional<double> limit_of(const Threshold& threshold, const Figures& figures) {
  if (!threshold.of_target) return threshold.value;
  const auto target = threshold.measure.target(figures);
  return target ? std::optional(threshold.value * *target) : std::nullopt;
}

const Figures* figures_of(const Threshold& threshold, const RunResult& result) {
  if (threshold.stage.empty()) return &result.total;
  const auto stage = std::find_if(result.stages.begin(), result.stages.end(),
                                  [&](const Stage& s) { return s.name == threshold.stage; });
  return stage == result.stages.end() ? nullptr : &stage->figures;
}

}  // namespace

Result<Threshold> parse_threshold(std::string_view text, std::string_view stage) {
  const std::string_view whole = trim(text);
  const std::size_t at = whole.find_first_of("<>=!");
  if (at == whole.npos) return bad(whole, "expected MEASURE OP VALUE, like e2e.p99<20ms");
  const std::string_view rest = whole.substr(at);
  const auto op = std::find_if(kOperators.begin(), kOperators.end(),
                               [&](const Operator& o) { return rest.starts_with(o.text); });
  if (op == kOperators.end()) return bad(whole, "expected one of < <= > >= == !=");
  auto measure = find_measure(trim(whole.substr(0, at)));
  if (measure.has_error()) return bad(whole, measure.error().message);

  Threshold out{std::string(whole), std::string(stage), *measure, op->comparison, 0, false};
  if (!stage.empty() && !measure->by_stage())
    return bad(whole, measure->name() + " is known for the whole run only, not for a stage");
  const std::string_view value = trim(rest.substr(op->text.size()));
  const auto target = parse_target(value);
  if (target && !measure->has_target()) return bad(whole, measure->name() + " has no target");
  const Number number = target ? *target : parse_number(measure->unit(), value);
  if (!number.value)
    return bad(whole, "expected " + std::string(number.expected) + " after " + std::string(op->text));
  out.value = *number.value;
  out.of_target = target.has_value();
  return out;
}

ThresholdOutcome judge_threshold(const Threshold& threshold, const RunResult& result) {
  ThresholdOutcome out{threshold.expression, threshold.stage, {}, false};
  const Figures* figures = figures_of(threshold, result);
  if (!figures) {
    out.value = "no such stage";
    return out;
  }
  const auto found = threshold.measure.of(result, *figures);
  const auto limit = limit_of(threshold, *figures);
  out.ok = found && limit && compare(*found, threshold.comparison, *limit);
  out.value = !found ? "not measured" : human(threshold.measure.unit(), *found);
  if (found && !limit) out.value += ", no target";
  if (found && limit && threshold.of_target) out.value += " of " + human(threshold.measure.unit(), *limit);
  return out;
}

bool holds_so_far(const Threshold& threshold, const RunResult& result, const Figures& figures) {
  const auto found = threshold.measure.of(result, figures);
  const auto limit = limit_of(threshold, figures);
  return !found || !limit || compare(*found, threshold.comparison, *limit);
}

}  // namespace relay::bench
