// relayd: load the options, run the server. Everything else is in lib/.
#include <cstdio>
#include <vector>

#include "base/commit.hpp"
#include "base/exit_code.hpp"
#include "options/load.hpp"
#include "options/print.hpp"
#include "server/check.hpp"
#include "server/crash_report.hpp"
#include "server/server.hpp"

namespace {

int report(const std::vector<relay::server::Problem>& problems, const char* if_none) {
  for (const auto& problem : problems) std::fputs(problem.text().c_str(), stderr);
  if (!problems.empty()) return problems.front().exit_code;
  std::puts(if_none);
  return relay::exit_code::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace relay;
  server::install_crash_report();
  const server::CrashStack stack;
  const options::Environment environment = options::process_environment();
  const auto load = [&] { return options::load(argc, argv, environment); };
  options::LoadOutcome outcome = load();
  if (outcome.exit_code != 0) {
    std::fputs(outcome.errors.c_str(), stderr);
    return outcome.exit_code;
  }
  switch (outcome.action) {
    case options::Action::kRun:
      return server::Server(std::move(outcome.loaded), load, build_commit()).run();
    case options::Action::kCheck:
      return report(server::check_files(outcome.loaded.options), "configuration is valid");
    case options::Action::kCheckFull:
      return report(server::check_everything(outcome.loaded.options),
                    "configuration is valid, addresses are free, storage answers");
    default:
      std::fputs(outcome.output.c_str(), stdout);
      return 0;
  }
}
