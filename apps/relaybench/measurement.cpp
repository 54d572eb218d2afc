#include "measurement.hpp"

#include <algorithm>

#include "abort_watch.hpp"
#include "cli/interrupt.hpp"
#include "options/table.hpp"
#include "outputs.hpp"
#include "progress.hpp"
#include "report/json.hpp"
#include "report/text.hpp"
#include "report/verdict.hpp"

namespace relay::bench {
namespace {

cli::Outcome<void> check_stage(const std::string& stage, const Plan& plan) {
  std::vector<std::string> known;
  for (const StagePlan& one : plan.stages) known.push_back(one.name);
  if (stage.empty() || std::find(known.begin(), known.end(), stage) != known.end()) return {};
  const auto near = options::nearest(stage, known);
  return cli::usage("a threshold names the stage \"" + stage + "\", and there is none",
                    near ? "did you mean \"" + *near + "\"?" : "");
}

cli::Outcome<std::vector<Threshold>> thresholds_of(const Request& request, const Plan& plan) {
  std::vector<Threshold> out;
  for (const ThresholdRequest& one : request.thresholds) {
    if (const auto known = check_stage(one.stage, plan); !known) return known.error();
    auto threshold = parse_threshold(one.expression, one.stage);
    if (!threshold)
      return cli::Failure{exit_code::kUsage, "\"" + one.expression + "\" is no threshold",
                          threshold.error().message, "see: relaybench help metrics"};
    threshold->aborts = one.abort || (request.abort_on_fail && AbortWatch::can_watch(*threshold));
    threshold->after_ns = std::chrono::duration_cast<Nanoseconds>(one.after).count();
    if (threshold->aborts && !AbortWatch::can_watch(*threshold))
      return cli::usage(
          "the threshold \"" + one.expression + "\" cannot end a run: it is known at the end only",
          "leave out abort = true; see: relaybench help scenario");
    out.push_back(std::move(*threshold));
  }
  return out;
}

// What kept a run from happening. A limit of this machine is not a wrong command line.
cli::Failure not_run(const Error& error) {
  cli::Failure failure = cli::failure_of(error, "the run could not be done");
  if (error.code == "no_descriptors") failure.exit = exit_code::kOsRefused;
  if (error.code == "no_descriptors") failure.fix = "see: relaybench doctor";
  return failure;
}

ProgressStyle style_of(const Context& context) {
  if (context.arguments.has("--quiet")) return ProgressStyle::kNone;
  return progress_style(context.arguments.text_or("--progress", "auto"));
}

}  // namespace

cli::Outcome<RunResult> measure(const Context& context, const Request& request, Engine engine) {
  const auto plan = finished(request);
  if (!plan) return plan.error();
  const auto thresholds = thresholds_of(request, *plan);
  if (!thresholds) return thresholds.error();
  cli::catch_interrupts();
  AbortWatch watch(*thresholds);
  LiveProgress progress(style_of(context), [&](const Moment& moment) { return watch.exceeded(moment); });
  progress.begin(heading(*plan));
  auto result = engine(*plan, progress);
  progress.finish();
  if (!result) return not_run(result.error());
  result->tool_commit = context.commit;
  judge(*result, *thresholds, {plan->delivery, plan->allow_saturated});
  if (cli::interrupted()) {
    result->exit_code = exit_code::kInterrupted;
  } else if (result->run.aborted && result->exit_code == exit_code::kOk) {
    result->exit_code = kExitMissed;
  }
  return std::move(*result);
}

int hand_over(const Context& context, const RunResult& result, const std::string& mark) {
  const int printed = context.print(context.json() ? to_json(result) : to_text(result, context.color()));
  if (printed != exit_code::kOk) return printed;
  const auto written = write_outputs(context.arguments, result, mark);
  return written ? result.exit_code : context.fail(written.error());
}

int worst_exit(const RunResult& result, int so_far) {
  // In the order of what it says about the others: an interrupted series, one that measured nothing, one that
  // lost.
  for (const int code : {exit_code::kInterrupted, kExitSaturated, kExitBroken, kExitMissed}) {
    if (result.exit_code == code || so_far == code) return code;
  }
  return so_far;
}

}  // namespace relay::bench
