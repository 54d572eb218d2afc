// relayctl(1) as mdoc(7), made from the verb table. man/relayctl.1 is this text; a test compares. Pure; any
// thread.
#pragma once

#include <string>

namespace relay::ctl {

std::string man_page();

}  // namespace relay::ctl
