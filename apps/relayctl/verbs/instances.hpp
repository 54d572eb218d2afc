// instances list, get, drain, undrain: who lives, and who is out of rotation.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form instances_list_form();
int instances_list(Context& context);
Form instances_get_form();
int instances_get(Context& context);
Form instances_drain_form();
int instances_drain(Context& context);
Form instances_undrain_form();
int instances_undrain(Context& context);

}  // namespace relay::ctl
