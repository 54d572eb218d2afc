// metrics: what relayd counts.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form metrics_form();
int metrics(Context& context);

}  // namespace relay::ctl
