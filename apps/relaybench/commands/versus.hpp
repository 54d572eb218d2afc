// versus: two servers (or two ways to ask one) under the same load, in turn, and each ratio with its spread.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form versus_form();
int versus(Context& context);

}  // namespace relay::bench
