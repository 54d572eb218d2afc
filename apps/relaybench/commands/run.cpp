#include "commands/run.hpp"

#include "loads.hpp"
#include "measurement.hpp"

namespace relay::bench {
namespace {

int measure_and_report(Context& context, const std::string& load) {
  const auto request = request_of(load, context.arguments);
  if (!request) return context.fail(request.error());
  const auto result = measure(context, *request);
  return result ? hand_over(context, *result) : context.fail(result.error());
}

}  // namespace

cli::Form run_form() {
  return {
      .arguments = {{"FILE", cli::Arity::kOne, cli::Words::kFile}},
      .text =
          "Flags win over the file. The file's tables are [target], [load], [trouble], [time], [server] and "
          "[verdict], with the names of the flags as keys, [[stage]] and [[threshold]]: relaybench help "
          "scenario.\n",
      .examples = {
          {"relaybench run examples/scenarios/prices.toml", "10,000 sockets with prices"},
          {"relaybench run prices.toml --scale 0.01 --duration 5s", "a hundredth of it, for five seconds"}}};
}

int run_scenario(Context& context) {
  const std::string& file = context.arguments.text("FILE");
  return measure_and_report(context, find_load(file) == nullptr ? file : "./" + file);
}

int measure_load(Context& context) {
  return measure_and_report(context, std::string(context.name));
}

}  // namespace relay::bench
