// clients list, get, kick: the connections of a running relayd that listen.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form clients_list_form();
int clients_list(Context& context);
Form clients_get_form();
int clients_get(Context& context);
Form clients_kick_form();
int clients_kick(Context& context);

}  // namespace relay::ctl
