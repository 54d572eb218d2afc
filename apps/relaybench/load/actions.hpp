// The commands of stages (StagePlan::action): each is given to /bin/sh when its stage begins, runs beside the
// load in a process group of its own, and is ended with the run. Its output goes to standard error, with
// RELAYBENCH_STAGE and RELAYBENCH_URL in its environment. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "result.hpp"

namespace relay::bench {

class Actions {
 public:
  explicit Actions(std::string url) : url_(std::move(url)) {}
  ~Actions();
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  // `at_ns` since the end of the warm-up.
  void begin(const std::string& stage, const std::string& command, std::int64_t at_ns);
  // Takes note of those that have ended.
  void look();
  std::size_t running() const { return running_.size(); }
  // Ends those that still run; what became of all.
  std::vector<ActionOutcome> finish();

 private:
  struct Running {
    pid_t pid;
    std::int64_t began;
    std::size_t outcome;
  };
  bool has_ended(const Running& one);

  std::string url_;
  std::vector<Running> running_;
  std::vector<ActionOutcome> outcomes_;
};

}  // namespace relay::bench
