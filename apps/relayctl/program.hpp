// relayctl as lib/cli sees it: its table of verbs, the flags that every verb takes, topics, and the texts of
// its help and man page. Constant; any thread.
#pragma once

#include "cli/program.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

const Program& program();

}  // namespace relay::ctl
