// A program under test: started with a clean environment, its output kept line by line, ended by its pid.
//
// Start, signal and wait from one thread; a thread of its own gathers the output, so that a child never
// blocks on a full pipe. Destroying it kills the child and reaps it. Throws std::runtime_error when it cannot
// be started.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace relay::test {

class ChildProcess {
 public:
  // `environment` is all that the child sees, as NAME=value; PATH is added.
  ChildProcess(std::vector<std::string> command, std::vector<std::string> environment = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // The exit status (128 + signal if one ended it), or nothing if it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);
  bool running() { return !wait(std::chrono::milliseconds(0)).has_value(); }

  std::string output() const;  // stdout and stderr, so far
  // The first line that contains `words`, as soon as there is one; nothing after `limit` or if the child ends
  // first.
  std::optional<std::string> await_line(std::string_view words, std::chrono::milliseconds limit);

 private:
  void gather();

  pid_t pid_ = -1;
  int pipe_ = -1;
  std::optional<int> status_;
  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::string output_;
  bool ended_ = false;
  std::thread gatherer_;
};

// A free loopback port at the moment of asking.
std::uint16_t free_port();

// A folder that lives as long as this object.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }
  // Writes a file into it; returns its whole path.
  std::string write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

}  // namespace relay::test
