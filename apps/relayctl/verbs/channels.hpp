// channels list, get, stats, kick: who is heard on a running relayd.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form channels_list_form();
int channels_list(Context& context);
Form channels_get_form();
int channels_get(Context& context);
Form channels_stats_form();
int channels_stats(Context& context);
Form channels_kick_form();
int channels_kick(Context& context);

}  // namespace relay::ctl
