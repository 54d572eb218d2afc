// backlog trim, backlog rm and channels purge: taking messages away so that every cursor is told. Writes the
// store.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form backlog_trim_form();
int backlog_trim(Context& context);
Form backlog_rm_form();
int backlog_rm(Context& context);
Form channels_purge_form();
int channels_purge(Context& context);

}  // namespace relay::ctl
