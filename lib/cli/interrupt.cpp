#include "cli/interrupt.hpp"

#include <signal.h>
#include <time.h>

#include <atomic>

namespace relay::cli {
namespace {

std::atomic<bool> caught{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void note(int) {
  caught = true;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = note;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

bool interrupted() {
  return caught;
}

bool pause_for(Milliseconds time) {
  if (caught) return false;
  timespec left{time.count() / 1000, static_cast<long>(time.count() % 1000) * 1'000'000};
  return ::nanosleep(&left, nullptr) == 0 && !caught;
}

}  // namespace relay::cli
