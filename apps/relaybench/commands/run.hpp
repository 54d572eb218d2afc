// run FILE.toml, and every ready-made load under its own name.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Flag runs_flag();
cli::Form run_form();
int run_scenario(Context& context);
int measure_load(Context& context);

}  // namespace relay::bench
