// self-test: whether relaybench itself is in order on this machine, and how far it can be trusted.
#pragma once

#include "commands/command.hpp"

namespace relay::bench {

cli::Form self_test_form();
int self_test(Context& context);

}  // namespace relay::bench
