// top: instances, channels and clients of a running relayd, live.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form top_form();
int top(Context& context);

}  // namespace relay::ctl
