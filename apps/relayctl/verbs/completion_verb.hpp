// completion: the script for a shell.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form completion_form();
int completion(Context& context);

}  // namespace relay::ctl
