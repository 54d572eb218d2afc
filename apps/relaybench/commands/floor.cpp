#include "commands/floor.hpp"

#include "load/floor.hpp"
#include "loads.hpp"
#include "measurement.hpp"

namespace relay::bench {

cli::Form floor_form() {
  return {.arguments = {{"LOAD", cli::Arity::kOptional, cli::Words::kScenario}},
          .text =
              "A bare loop in a process of its own has the bytes ready and writes them once to each "
              "subscriber; the "
              "same load goes through it. Nothing that writes each message by itself can cost less. With "
              "--url the "
              "server is measured afterwards and its report has the floor beside it.\n",
          .examples = {
              {"relaybench floor", "of the fan-out"},
              {"relaybench floor fanout --url http://127.0.0.1:8081 --pid $(pidof relayd)", "and relayd's"}}};
}

int measure_floor(Context& context) {
  const auto request = request_of(context.arguments.text_or("LOAD", "fanout"), context.arguments);
  if (!request) return context.fail(request.error());
  auto lowest = measure(context, *request, &run_floor);
  if (!lowest) return context.fail(lowest.error());
  if (!context.arguments.has("--url")) return hand_over(context, *lowest);
  auto result = measure(context, *request);
  if (!result) return context.fail(result.error());
  const Histogram& e2e = lowest->total[Latency::kEndToEnd];
  result->floor =
      Floor{lowest->server.cpu_per_delivery_ns.value_or(0), e2e.percentile(50), e2e.percentile(99)};
  return hand_over(context, *result);
}

}  // namespace relay::bench
