// compare: two sets of saved results, statistic by statistic.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form compare_form();
int compare(Context& context);

}  // namespace relay::bench
