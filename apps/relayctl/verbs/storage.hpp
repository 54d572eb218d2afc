// storage info, ping and latency: the servers behind the store. No writes.
#pragma once

#include "context.hpp"

namespace relay::ctl {

Form storage_info_form();
int storage_info(Context& context);
Form storage_ping_form();
int storage_ping(Context& context);
Form storage_latency_form();
int storage_latency(Context& context);

}  // namespace relay::ctl
