// check ready, check live: one question for a monitor.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form check_ready_form();
int check_ready(Context& context);
Form check_live_form();
int check_live(Context& context);

}  // namespace relay::ctl
