// backlog list, show, get and count: what is kept, message by message. No writes.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form backlog_list_form();
int backlog_list(Context& context);
Form backlog_show_form();
int backlog_show(Context& context);
Form backlog_get_form();
int backlog_get(Context& context);
Form backlog_count_form();
int backlog_count(Context& context);

}  // namespace relay::ctl
