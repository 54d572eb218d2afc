// What the benchmarks share: a relayd of their own, bare sockets, a counting reader, a process's cost.
//
// Linux only (/proc). Fatal errors end the program with a line on stderr: a benchmark has nothing to clean up
// but its children, which it ends by pid.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
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
// RssAnon: private memory that is really there, in bytes.
std::int64_t anonymous_bytes(pid_t pid);

int listen_on_free_port(int& port);
int connect_to(int port);
void send_all(int fd, std::string_view bytes);
// Reads until `marker` has come; returns what was read.
std::string read_until(int fd, std::string_view marker);

// Reads many sockets on a thread of its own and counts one byte that stands once in every payload.
class CountingReader {
 public:
  static constexpr char kMark = '@';
  explicit CountingReader(std::vector<int> sockets);
  ~CountingReader();
  // Waits until so many marks have come in all; false after `seconds`.
  bool wait_for(std::int64_t marks, int seconds);
  std::int64_t count() const { return count_.load(); }

 private:
  void run();
  std::vector<int> sockets_;
  int epoll_;
  std::atomic<std::int64_t> count_{0};
  std::mutex mutex_;  // for changed_
  std::condition_variable changed_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

double median(std::vector<double> values);
// "--name value" from argv, else `otherwise`.
int argument(int argc, char** argv, std::string_view name, int otherwise);

}  // namespace bench
