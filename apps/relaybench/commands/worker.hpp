// `relaybench worker`: generates for a relaybench elsewhere that names it in --workers. One thread.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form worker_form();
int worker(Context& context);

}  // namespace relay::bench
