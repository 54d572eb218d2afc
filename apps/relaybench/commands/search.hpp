// search: the highest rate at which a load still keeps its promise, by bisection.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form search_form();
int search(Context& context);

}  // namespace relay::bench
