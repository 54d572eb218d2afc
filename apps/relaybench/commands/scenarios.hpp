// scenarios: the ready-made loads, and each as a scenario file to begin one's own with.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form scenarios_form();
int scenarios(Context& context);

}  // namespace relay::bench
