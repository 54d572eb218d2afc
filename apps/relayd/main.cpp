// relayd: load the options, run the server. Everything else is in lib/.
#include <cstdio>

#include "options/load.hpp"
#include "options/print.hpp"
#include "server/server.hpp"

int main(int argc, char** argv) {
  using namespace relay;
  const options::Environment environment = options::process_environment();
  const auto load = [&] { return options::load(argc, argv, environment); };
  options::LoadOutcome outcome = load();
  if (outcome.exit_code != 0) {
    std::fputs(outcome.errors.c_str(), stderr);
    return outcome.exit_code;
  }
  switch (outcome.action) {
    case options::Action::kRun: return server::Server(std::move(outcome.loaded), load).run();
    case options::Action::kCheck: std::puts("configuration is valid"); return 0;
    case options::Action::kCheckFull:
      if (const std::string problem = server::Server::try_everything(outcome.loaded.options); !problem.empty()) {
        std::fprintf(stderr, "relayd: %s\n", problem.c_str());
        return options::kExitConfig;
      }
      std::puts("configuration is valid, addresses are free");
      return 0;
    default: std::fputs(outcome.output.c_str(), stdout); return 0;
  }
}
