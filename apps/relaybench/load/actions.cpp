#include "load/actions.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "load/alarm.hpp"

extern char** environ;  // POSIX: declared by the user

namespace relay::bench {
namespace {

constexpr int kCannotStart = 126;

// In a group of its own, with nothing to read and its output beside ours. -1: it cannot be started.
pid_t start(const std::string& command, std::vector<std::string> variables) {
  std::vector<char*> environment;
  for (char** one = environ; *one != nullptr; ++one) environment.push_back(*one);
  for (std::string& one : variables) environment.push_back(one.data());
  environment.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string text = command;
  std::string shell = "sh";
  std::string flag = "-c";
  char* words[] = {shell.data(), flag.data(), text.data(), nullptr};
  pid_t pid = -1;
  if (posix_spawn(&pid, "/bin/sh", &files, &attributes, words, environment.data()) != 0) pid = -1;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return pid;
}

}  // namespace

void Actions::begin(const std::string& stage, const std::string& command, std::int64_t at_ns) {
  outcomes_.push_back({stage, command, at_ns, 0, {}});
  const pid_t pid = start(command, {"RELAYBENCH_STAGE=" + stage, "RELAYBENCH_URL=" + url_});
  if (pid < 0) {
    outcomes_.back().exit = kCannotStart;
  } else {
    running_.push_back({pid, monotonic_ns(), outcomes_.size() - 1});
  }
}

bool Actions::has_ended(const Running& one) {
  ActionOutcome& outcome = outcomes_[one.outcome];
  outcome.duration_ns = monotonic_ns() - one.began;
  int status = 0;
  if (waitpid(one.pid, &status, WNOHANG) != one.pid) return false;
  outcome.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

void Actions::look() {
  std::erase_if(running_, [this](const Running& one) { return has_ended(one); });
}

std::vector<ActionOutcome> Actions::finish() {
  look();
  for (const Running& one : running_) {
    kill(-one.pid, SIGKILL);
    waitpid(one.pid, nullptr, 0);
  }
  running_.clear();
  return outcomes_;
}

Actions::~Actions() {
  (void)finish();
}

}  // namespace relay::bench
