// storage orphans: keys that nobody answers for. Writes the store with --delete alone.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form storage_orphans_form();
int storage_orphans(Context& context);

}  // namespace relay::ctl
