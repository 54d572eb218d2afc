// One line on stderr when relayd is killed by a fault of its own, then the signal's default action, so that a
// core is kept. What it says finds the code: addr2line -e relayd ADDRESS - BASE, in the build that BUILD_ID
// names.
//
// The handler is async-signal-safe: it formats into memory that was there before and calls write(2) alone.
#pragma once

namespace relay::server {

// For SEGV, BUS, ILL, FPE and ABRT (systemd's watchdog), where nobody else handles them (sanitizers do).
// Once, before there are other threads.
void install_crash_report();

}  // namespace relay::server
