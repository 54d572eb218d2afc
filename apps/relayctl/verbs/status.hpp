// status: one instance on one screen.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form status_form();
int status(Context& context);

}  // namespace relay::ctl
