// version, help, completion.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form version_form();
int version(Context& context);
cli::Form help_form();
int help(Context& context);
cli::Form completion_form();
int completion(Context& context);

}  // namespace relay::bench
