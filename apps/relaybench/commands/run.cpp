#include "commands/run.hpp"

#include "loads.hpp"
#include "measurement.hpp"

namespace relay::bench {
namespace {

constexpr std::int64_t kMostRuns = 1000;

int measure_and_report(Context& context, const std::string& load) {
  auto request = request_of(load, context.arguments);
  if (!request) return context.fail(request.error());
  request->allow_hooks = context.arguments.has("--allow-hooks");
  const auto runs = context.arguments.count("--runs", 1, 1, kMostRuns);
  if (!runs) return context.fail(runs.error());
  int code = exit_code::kOk;
  for (std::int64_t i = 1; i <= *runs && code != exit_code::kInterrupted; ++i) {
    const auto result = measure(context, *request);
    if (!result) return context.fail(result.error());
    const int one = hand_over(context, *result, *runs > 1 ? "-" + std::to_string(i) : "");
    if (one != result->exit_code) return one;
    code = worst_exit(*result, code);
  }
  return code;
}

}  // namespace

cli::Flag runs_flag() {
  return {"--runs", "N", "again and again, for relaybench compare; files get -1, -2 and so on"};
}

cli::Form run_form() {
  return {
      .arguments = {{"FILE", cli::Arity::kOne, cli::Words::kFile}},
      .flags = {runs_flag(), {"--allow-hooks", "", "run the commands that stages have as their action"}},
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
