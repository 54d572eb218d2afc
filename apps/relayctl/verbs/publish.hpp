// publish: one message, or many at a rate.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form publish_form();
int publish(Context& context);

}  // namespace relay::ctl
