// version, help: what this program is.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form version_form();
int version(Context& context);

Form help_form();
int help(Context& context);

}  // namespace relay::ctl
