// check storage, instances and backlog: one question for a monitor, asked of the store itself.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form check_storage_form();
int check_storage(Context& context);
Form check_instances_form();
int check_instances(Context& context);
Form check_backlog_form();
int check_backlog(Context& context);

}  // namespace relay::ctl
