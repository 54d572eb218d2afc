// config check, show, get, set, reload, explain; log level: the settings of relayd.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form config_check_form();
int config_check(Context& context);
Form config_show_form();
int config_show(Context& context);
Form config_get_form();
int config_get(Context& context);
Form config_set_form();
int config_set(Context& context);
Form config_reload_form();
int config_reload(Context& context);
Form config_explain_form();
int config_explain(Context& context);
Form log_level_form();
int log_level(Context& context);

}  // namespace relay::ctl
