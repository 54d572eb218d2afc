#include "ctl/ctl_runner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <tuple>

namespace relay::test {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

}  // namespace

pid_t start_program(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                    const std::function<void()>& prepare) {
  const auto argv = pointers(command), envp = pointers(environment);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid > 0) return pid;
  prepare();
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

int await_end(pid_t pid, std::chrono::milliseconds limit, int output) {
  const auto until = std::chrono::steady_clock::now() + limit;
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  pollfd waiting[2] = {{process, POLLIN, 0}, {output, POLLIN, 0}};
  bool in_time = true;
  while ((waiting[0].revents & POLLIN) == 0 && in_time) {
    ::poll(waiting, 2, 100);
    char buffer[4096];
    if ((waiting[1].revents & POLLIN) != 0) std::ignore = ::read(output, buffer, sizeof buffer);
    in_time = std::chrono::steady_clock::now() < until;
  }
  ::close(process);
  if (!in_time) ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!in_time) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::vector<std::string> Ctl::command(std::vector<std::string> words) const {
  std::vector<std::string> command{RELAYCTL_BINARY};
  command.insert(command.end(), always_.begin(), always_.end());
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

std::vector<std::string> Ctl::environment() const {
  std::vector<std::string> environment{"HOME=" + home_.path(), "PATH=/usr/bin:/bin", "TERM=xterm"};
  environment.insert(environment.end(), environment_.begin(), environment_.end());
  return environment;
}

CtlResult Ctl::run(std::vector<std::string> words, const std::string& input) const {
  const ScratchFolder folder;
  const std::string in = folder.write("in", input);
  const std::string out = folder.path() + "/out";
  const std::string err = folder.path() + "/err";
  const pid_t pid = start_program(command(std::move(words)), environment(), [&] {
    ::dup2(::open(in.c_str(), O_RDONLY), 0);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
  });
  CtlResult result;
  result.exit = await_end(pid, kLimit);
  result.out = text_of(out);
  result.err = text_of(err);
  if (result.exit == -1 || result.exit == 127)
    throw std::runtime_error("relayctl does not run or does not end: " + result.out + result.err);
  return result;
}

CtlResult Ctl::expect(int exit, std::vector<std::string> words, const std::string& input) const {
  std::string line;
  for (const std::string& word : words) line += " " + word;
  CtlResult result = run(std::move(words), input);
  if (result.exit != exit) {
    throw std::runtime_error("relayctl" + line + " ended with " + std::to_string(result.exit) + ", not " +
                             std::to_string(exit) + ":\n" + result.out + result.err);
  }
  return result;
}

nlohmann::json Ctl::json(std::vector<std::string> words) const {
  words.insert(words.end(), {"-o", "json"});
  return expect(0, std::move(words)).json();
}

}  // namespace relay::test
