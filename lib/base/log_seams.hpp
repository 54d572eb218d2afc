// What tests put in place of the machine: the log's clock and the journal's socket. Before configure().
#pragma once

#include <string>

#include "base/clock.hpp"

namespace relay::log {

void set_clock(const Clock& clock);                // must outlive all logging; system_clock() puts it back
void set_journal_socket(const std::string& path);  // "/run/systemd/journal/socket" puts it back

}  // namespace relay::log
