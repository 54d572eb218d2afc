// relayctl speaks the words of lib/cli (Arguments, Failure, Outcome, Output, ...) as its own.
#pragma once

namespace relay::cli {}

namespace relay::ctl {
using namespace cli;
}  // namespace relay::ctl
