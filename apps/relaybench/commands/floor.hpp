// floor: the least that one write per message can cost on this machine, beside what the server takes.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form floor_form();
int measure_floor(Context& context);

}  // namespace relay::bench
