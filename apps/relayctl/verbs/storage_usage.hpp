// storage usage: who takes the memory. No writes.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form storage_usage_form();
int storage_usage(Context& context);

}  // namespace relay::ctl
