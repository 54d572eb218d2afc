// One line on stderr when relayd is killed by a fault of its own, then the signal's default action, so that a
// core is kept. What it says finds the code: addr2line -e relayd ADDRESS - BASE, in the build that BUILD_ID
// names.
//
// The handler runs on a stack of its own, so that a thread that has used up its own is reported as well. It
// is async-signal-safe: it formats into memory that was there before and calls write(2) alone.
#pragma once

#include <memory>

namespace relay::server {

// For SEGV, BUS, ILL, FPE and ABRT (systemd's watchdog), where nobody else handles them (sanitizers do).
// Once, before there are other threads.
void install_crash_report();

// The handler's stack for the calling thread, which makes and destroys it; nothing if the thread has one.
class CrashStack {
 public:
  CrashStack();
  ~CrashStack();
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;

 private:
  std::unique_ptr<char[]> bytes_;
};

}  // namespace relay::server
