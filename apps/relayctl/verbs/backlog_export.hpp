// backlog export: backlogs as JSON lines, exact and complete up to one moment. No writes. Format:
// message_json.hpp.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form backlog_export_form();
int backlog_export(Context& context);

}  // namespace relay::ctl
