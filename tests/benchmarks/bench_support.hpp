// What the benchmarks share: a relayd of their own, bare sockets, a process's cost.
//
// Linux only (/proc). Fatal errors end the program with a line on stderr: a benchmark has nothing to clean up
// but its children, which it ends by pid.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

[[noreturn]] void fatal(const std::string& what);

// A child process; killed and reaped with its object.
class Child {
 public:
  static Child run(const std::function<void()>& body);
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(Child&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  Child& operator=(Child&&) = delete;
  ~Child();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

// relayd with memory storage on a free port of 127.0.0.1.
class Relayd {
 public:
  explicit Relayd(const std::vector<std::string>& arguments = {});
  int port() const { return port_; }
  pid_t pid() const { return child_.pid(); }

 private:
  int port_ = 0;
  Child child_;
};

// User and system CPU time of all threads of a process so far, in nanoseconds.
std::int64_t cpu_ns(pid_t pid);

int listen_on_free_port(int& port);
int connect_to(int port);
void send_all(int fd, std::string_view bytes);
// Reads until `marker` has come; returns what was read.
std::string read_until(int fd, std::string_view marker);

double median(std::vector<double> values);
// "--name value" from argv, else `otherwise`.
int argument(int argc, char** argv, std::string_view name, int otherwise);

}  // namespace bench
