// backlog verify: whether the backlogs are what keyspace.hpp and record.hpp say. Writes the store with
// --repair alone.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form backlog_verify_form();
int backlog_verify(Context& context);

}  // namespace relay::ctl
