// doctor: whether this machine can carry a large run, and what to do where it cannot.
//
// The findings are made from a Machine, so that tests need no machine like it. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "plan.hpp"

namespace relay::bench {

struct Machine {
  std::int64_t descriptors = 0;       // a process may have
  std::int64_t descriptors_most = 0;  // the hard limit
  std::int64_t first_port = 32768;    // of those that connections get
  std::int64_t last_port = 60999;
  std::int64_t somaxconn = 4096;
  std::int64_t cores = 1;
  double load = 0;  // load average of the last minute
  std::string clock_source;
  std::int64_t memory_bytes = 0;  // available
};
Machine this_machine();

struct Finding {
  bool fine = true;
  std::string what;
  std::string fix;  // empty when fine
};
// For a run of `plan`.
std::vector<Finding> examine(const Machine& machine, const Plan& plan);

cli::Form doctor_form();
int doctor(Context& context);

}  // namespace relay::bench
