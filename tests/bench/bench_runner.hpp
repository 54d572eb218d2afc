// The built relaybench as somebody uses it: words in, output and exit code out. One test thread.
#pragma once

#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace relay::test {

struct BenchResult {
  int exit = -1;
  std::string output;  // both standard output and standard error
};

// Throws std::runtime_error when it does not end within half a minute.
BenchResult relaybench(std::vector<std::string> words);
std::vector<std::string> relaybench_command(std::vector<std::string> words);

}  // namespace relay::test
