#include "commands.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "commands/about.hpp"
#include "commands/compare.hpp"
#include "commands/doctor.hpp"
#include "commands/floor.hpp"
#include "commands/report.hpp"
#include "commands/run.hpp"
#include "commands/scenarios.hpp"
#include "commands/search.hpp"
#include "commands/self_test.hpp"
#include "commands/versus.hpp"
#include "commands/worker.hpp"
#include "loads.hpp"

namespace relay::bench {
namespace {

// The form of ready-made load number `Index`: cli::Command wants a plain function.
template <std::size_t Index>
cli::Form load_form() {
  const ReadyLoad& load = loads()[Index];
  cli::Form form{.flags = {runs_flag()}, .text = load.text, .examples = load.examples};
  if (load.flag == "--for") form.flags.push_back({"--for", "TIME", "the same as --duration"});
  return form;
}

template <std::size_t... Index>
void add_loads(std::vector<Command>& rows, std::index_sequence<Index...>) {
  (rows.push_back({loads()[Index].name, loads()[Index].help, load_form<Index>, measure_load, true}), ...);
}
constexpr std::size_t kLoads = 10;

// In the order of help and man page.
std::vector<Command> make_table() {
  std::vector<Command> rows{{"run", "a scenario file with its stages", run_form, run_scenario, true}};
  add_loads(rows, std::make_index_sequence<kLoads>());
  rows.insert(
      rows.end(),
      {{"search", "the highest rate that keeps a promise", search_form, search, true},
       {"versus", "two servers in turn, and how they compare", versus_form, versus, true},
       {"floor", "what one bare write per message costs on this machine", floor_form, measure_floor, true},
       {"self-test", "whether relaybench itself is in order here", self_test_form, self_test, true},
       {"worker", "generates for a relaybench elsewhere", worker_form, worker},
       {"compare", "two sets of results: better, worse or the same", compare_form, compare},
       {"report", "saved results in other formats", report_form, report},
       {"scenarios", "the ready-made loads, and their scenario files", scenarios_form, scenarios},
       {"doctor", "what stands in the way of a large run here", doctor_form, doctor, true},
       {"completion", "the completion script of a shell", completion_form, completion},
       {"version", "the version", version_form, version},
       {"help", "help on a command or a topic", help_form, help}});
  return rows;
}

const std::vector<Command>& table() {
  static const std::vector<Command> rows = make_table();
  return rows;
}

}  // namespace

std::span<const Command> commands() {
  return table();
}

const Command* find_command(std::string_view name) {
  const auto found =
      std::find_if(table().begin(), table().end(), [&](const Command& one) { return one.name == name; });
  return found == table().end() ? nullptr : &*found;
}

}  // namespace relay::bench
