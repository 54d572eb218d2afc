// wait: until relayd is as one wants it.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form wait_form();
int wait_until(Context& context);

}  // namespace relay::ctl
