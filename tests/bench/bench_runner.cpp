#include "bench/bench_runner.hpp"

#include <stdexcept>

namespace relay::test {

std::vector<std::string> relaybench_command(std::vector<std::string> words) {
  words.insert(words.begin(), RELAYBENCH_BINARY);
  return words;
}

BenchResult relaybench(std::vector<std::string> words) {
  ChildProcess process(relaybench_command(std::move(words)));
  // No line has this: it returns when the output has ended, so that none of it is missing below.
  (void)process.await_line("\x01", std::chrono::seconds(30));
  const auto exit = process.wait(std::chrono::seconds(30));
  if (!exit) throw std::runtime_error("relaybench does not end: " + process.output());
  return {*exit, process.output()};
}

}  // namespace relay::test
