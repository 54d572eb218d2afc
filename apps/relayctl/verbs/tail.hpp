// tail: the messages of channels, those kept and those to come.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form tail_form();
int tail(Context& context);

}  // namespace relay::ctl
