// ping: round trips through relayd, its store, or the whole way of a message.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form ping_form();
int ping(Context& context);

}  // namespace relay::ctl
