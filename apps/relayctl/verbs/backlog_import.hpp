// backlog import: messages of an export, or of a file written by hand, into the store. Writes it. Format:
// message_json.hpp.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form backlog_import_form();
int backlog_import(Context& context);

}  // namespace relay::ctl
