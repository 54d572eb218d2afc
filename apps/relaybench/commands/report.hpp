// report: saved results in other formats.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form report_form();
int report(Context& context);

}  // namespace relay::bench
