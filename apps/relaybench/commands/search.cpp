#include "commands/search.hpp"

#include <cstdio>

#include "cli/interrupt.hpp"
#include "knob_values.hpp"
#include "loads.hpp"
#include "measurement.hpp"
#include "outputs.hpp"
#include "report/units.hpp"
#include "report/verdict.hpp"
#include "search_steps.hpp"

namespace relay::bench {
namespace {

constexpr const char* kTryFor = "10s";

struct Terms {
  double step = 1.5;
  double precision = 0.05;
};

cli::Outcome<Terms> terms_of(const cli::Arguments& arguments) {
  Terms terms;
  const auto step = read_factor(arguments.text_or("--step", "1.5x"));
  if (!step || *step <= 1) return cli::usage("--step must be a factor above 1, such as 1.5x");
  const auto precision = read_share(arguments.text_or("--precision", "5%"));
  if (!precision || *precision < 0.005)
    return cli::usage("--precision must be a share from 0.5% on, such as 5%");
  return Terms{*step, *precision};
}

// What is searched: the load with the conditions of --slo and tries of a fixed length.
cli::Outcome<Request> wanted(const Context& context) {
  auto request = request_of(context.arguments.text_or("LOAD", "fanout"), context.arguments);
  if (!request) return request.error();
  for (const std::string& slo : context.arguments.all("--slo")) request->thresholds.push_back({slo, {}});
  if (request->thresholds.empty())
    return cli::usage("search needs a promise to keep", "for example --slo 'e2e.p99<20ms'");
  if (request->plan.shape.closed || request->plan.shape.rate <= 0)
    return cli::usage("there is no rate to search for",
                      "choose a load with a rate, or give the first one with --rate");
  if (!context.arguments.has("--duration")) (void)give(*request, {"--duration", kTryFor});
  return request;
}

std::string line_of(double rate, const RunResult& result) {
  const Histogram& e2e = result.total[Latency::kEndToEnd];
  char text[200];
  std::snprintf(text, sizeof text, "%12s  %-8s  p50 %8s  p99 %8s  delivered %9s  server cpu %s\n",
                human_per_second(rate).c_str(), std::string(verdict_word(result.exit_code)).c_str(),
                human_ns(static_cast<double>(e2e.percentile(50))).c_str(),
                human_ns(static_cast<double>(e2e.percentile(99))).c_str(),
                human_per_second(static_cast<double>(result.total.delivered) * 1e9 /
                                 static_cast<double>(std::max<std::int64_t>(1, result.total.duration_ns)))
                    .c_str(),
                result.server.cpu ? human(Unit::kCores, *result.server.cpu).c_str() : "-");
  return text;
}

std::string answer(const SearchSteps& steps, double scale, bool saturated) {
  if (!steps.best()) return "no rate tried kept the promise\n";
  std::string out = "highest rate that keeps the promise: " + human_per_second(*steps.best() * scale);
  if (steps.worst()) out += " (" + human_per_second(*steps.worst() * scale) + " does not)";
  if (saturated) out += "\nabove it the generator was the limit, not the server";
  return out + "\n";
}

}  // namespace

cli::Form search_form() {
  return {
      .arguments = {{"LOAD", cli::Arity::kOptional, cli::Words::kScenario}},
      .flags = {{"--slo", "EXPR", "the promise, as a threshold", cli::Words::kNothing, {}, true},
                {"--step", "FACTOR", "how the rate grows while all is well (1.5x)"},
                {"--precision", "SHARE", "how near the answer must be (5%)"}},
      .text =
          "LOAD is a ready-made load (fanout) or a scenario file; its rate is where the search begins. Each "
          "try "
          "takes --duration (10s). A try whose generator was saturated counts as missed, and the answer says "
          "so. The files of --json and the like get the best try.\n",
      .examples = {{"relaybench search --slo 'e2e.p99<20ms'", "messages a second of the fan-out"},
                   {"relaybench search pairs --slo 'e2e.p99<50ms' --slo lost==0 --step 2x", "one to one"}}};
}

int search(Context& context) {
  const auto terms = terms_of(context.arguments);
  if (!terms) return context.fail(terms.error());
  auto request = wanted(context);
  if (!request) return context.fail(request.error());
  SearchSteps steps(request->plan.shape.rate, terms->step, terms->precision);
  std::optional<RunResult> best;
  bool saturated = false;
  while (!steps.done()) {
    request->plan.shape.rate = steps.next();
    auto result = measure(context, *request);
    if (!result) return context.fail(result.error());
    if (cli::interrupted()) return exit_code::kInterrupted;
    const bool good = result->exit_code == exit_code::kOk;
    saturated = saturated || result->exit_code == kExitSaturated;
    if (!context.json()) (void)context.print(line_of(steps.next() * request->scale, *result));
    steps.tried(good);
    if (good) best = std::move(*result);
  }
  if (!context.json()) (void)context.print(answer(steps, request->scale, saturated));
  if (!best) return saturated ? kExitSaturated : kExitMissed;
  if (context.json()) return hand_over(context, *best);
  const auto written = write_outputs(context.arguments, *best);
  return written ? exit_code::kOk : context.fail(written.error());
}

}  // namespace relay::bench
