#include "commands/scenarios.hpp"

#include <nlohmann/json.hpp>

#include "loads.hpp"
#include "options/table.hpp"

namespace relay::bench {
namespace {

std::string list(bool json) {
  std::string out;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const ReadyLoad& load : loads()) {
    std::string name(load.name);
    name.resize(12, ' ');
    out += name + std::string(load.help) + "\n";
    all.push_back({{"name", load.name}, {"help", load.help}});
  }
  return json ? all.dump(2) + "\n" : out;
}

}  // namespace

cli::Form scenarios_form() {
  return {.arguments = {{"NAME", cli::Arity::kOptional, cli::Words::kScenario}},
          .text = "With NAME the load is printed as a scenario file, for relaybench run.\n",
          .examples = {{"relaybench scenarios", "their names"},
                       {"relaybench scenarios fanout > mine.toml", "a file to begin with"}}};
}

int scenarios(Context& context) {
  if (!context.arguments.has("NAME")) return context.print(list(context.json()));
  const std::string& name = context.arguments.text("NAME");
  if (const ReadyLoad* load = find_load(name)) return context.print(scenario_text(*load));
  std::vector<std::string> known;
  for (const ReadyLoad& load : loads()) known.emplace_back(load.name);
  const auto near = options::nearest(name, known);
  return context.fail(cli::usage(
      "there is no scenario \"" + name + "\"",
      (near ? "did you mean \"" + *near + "\"?  " : "") + std::string("see: relaybench scenarios")));
}

}  // namespace relay::bench
