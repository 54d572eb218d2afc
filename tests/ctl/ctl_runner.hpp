// The built relayctl as somebody uses it: words in, standard output, standard error and exit code out.
//
// It runs with a home of its own, no terminal, and nothing of the environment but what is given. One test
// thread. Throws std::runtime_error when it cannot be run or does not end within kLimit.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace relay::test {

// Starts a program with this environment and no other; `prepare` runs in the child just before.
pid_t start_program(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                    const std::function<void()>& prepare);
// Its exit code, 128 + signal for one; -1, and it is killed, after `limit`. What it writes meanwhile must go
// somewhere: it is read from `output` and dropped.
int await_end(pid_t pid, std::chrono::milliseconds limit, int output = -1);

struct CtlResult {
  int exit = -1;
  std::string out;
  std::string err;
  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

class Ctl {
 public:
  static constexpr std::chrono::seconds kLimit{30};

  // `always` stands in front of the words of every run: {"-s", "unix:…"}.
  explicit Ctl(std::vector<std::string> always = {}) : always_(std::move(always)) {}

  CtlResult run(std::vector<std::string> words, const std::string& input = {}) const;
  // As run(), and throws with all it said if the exit code is another.
  CtlResult expect(int exit, std::vector<std::string> words, const std::string& input = {}) const;
  nlohmann::json json(std::vector<std::string> words) const;  // with -o json; exit 0

  void set_environment(std::vector<std::string> more) { environment_ = std::move(more); }
  const std::string& home() const { return home_.path(); }
  // The command, for a ChildProcess of one's own; its environment.
  std::vector<std::string> command(std::vector<std::string> words) const;
  std::vector<std::string> environment() const;

 private:
  std::vector<std::string> always_;
  std::vector<std::string> environment_;
  ScratchFolder home_;
};

}  // namespace relay::test
