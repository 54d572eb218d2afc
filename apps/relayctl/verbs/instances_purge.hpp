// instances purge: what dead instances left in the store is removed, with no relayd needed. Writes the store.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form instances_purge_form();
int instances_purge(Context& context);

}  // namespace relay::ctl
