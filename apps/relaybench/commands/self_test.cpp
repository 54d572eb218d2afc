#include "commands/self_test.hpp"

#include "load/floor.hpp"
#include "loads.hpp"
#include "measurement.hpp"
#include "report/units.hpp"
#include "report/verdict.hpp"

namespace relay::bench {
namespace {

// A load that any machine carries; what is measured is the tool.
constexpr Given kGentle[] = {{"--subs", "100"},   {"--channels", "1"},   {"--pubs", "1"},
                             {"--rate", "100/s"}, {"--warmup", "500ms"}, {"--duration", "3s"},
                             {"--grace", "1s"}};

std::string findings(const RunResult& result) {
  const Histogram& e2e = result.total[Latency::kEndToEnd];
  std::string out = "its own latency    p50 " + human_ns(static_cast<double>(e2e.percentile(50))) +
                    "   p99 " + human_ns(static_cast<double>(e2e.percentile(99))) + "\n";
  out += "its own lateness   p99 " + human_ns(static_cast<double>(result.generator.lag_p99_ns)) + "\n";
  if (result.total.delivered > 0) {
    const double ns = result.generator.cpu * static_cast<double>(result.total.duration_ns) /
                      static_cast<double>(result.total.delivered);
    out += "processor time     " + human_ns(ns) + " a delivery, publishing included\n";
  }
  out += "deliveries         expected " + human_count(result.delivery.expected) + "   received " +
         human_count(result.delivery.received) + "\n";
  for (const std::string& reason : result.generator.reasons) out += "not in order       " + reason + "\n";
  const std::string broken = broken_promise(result.delivery, DeliveryMode::kOrdered);
  if (!broken.empty()) out += "not in order       " + broken + "\n";
  return out + (result.exit_code == exit_code::kOk ? "relaybench is in order here\n"
                                                   : "relaybench is not in order here\n");
}

}  // namespace

cli::Form self_test_form() {
  return {.text =
              "A small fan-out against a bare loop instead of a server: whatever is slow or lost is "
              "relaybench's own, "
              "or the machine's. A latency below the one shown here cannot be measured.\n",
          .examples = {{"relaybench self-test", "three seconds"}}};
}

int self_test(Context& context) {
  auto request = request_of("fanout", {});
  if (!request) return context.fail(request.error());
  for (const Given& given : kGentle) (void)give(*request, given);
  if (const auto given = give_knobs(context.arguments, *request); !given) return context.fail(given.error());
  request->plan.name = "self-test";
  auto result = measure(context, *request, &run_floor);
  if (!result) return context.fail(result.error());
  if (context.json()) return hand_over(context, *result);
  const int code = context.print(findings(*result));
  return code == exit_code::kOk ? result->exit_code : code;
}

}  // namespace relay::bench
