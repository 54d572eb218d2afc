// One run of the built relaybench and the JSON that it leaves.
//
// One test thread. Throws std::runtime_error with all it said if it leaves none, or does not end within
// kLimit.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace relay::test {

class BenchRun {
 public:
  static constexpr std::chrono::seconds kLimit{50};

  // Started at once, with --json and plain progress lines besides `words`.
  explicit BenchRun(std::vector<std::string> words);
  BenchRun(BenchRun&&) noexcept;
  ~BenchRun();

  int wait();  // the exit code; result() is there then
  const nlohmann::json& result() const { return *result_; }
  std::uint64_t count(const char* name) const;  // of "delivery"
  std::uint64_t errors(const char* kind) const;
  ChildProcess& process() { return *process_; }
  // The pids of its generators, while it runs.
  std::vector<pid_t> generators() const;

 private:
  std::unique_ptr<ScratchFolder> folder_;
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<nlohmann::json> result_;
};

}  // namespace relay::test
