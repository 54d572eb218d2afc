#include "ctl/ctl_runner.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace relay::test {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

[[noreturn]] void become(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                         const std::string& in, const std::string& out, const std::string& err) {
  ::dup2(::open(in.c_str(), O_RDONLY), 0);
  ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (const std::string& variable : environment) envp.push_back(const_cast<char*>(variable.c_str()));
  envp.push_back(nullptr);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

// The exit code, 128 + signal for one; -1 when it does not end in time.
int await(pid_t pid) {
  const auto until = std::chrono::steady_clock::now() + Ctl::kLimit;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // its end can only be asked for
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

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
  const auto all = command(std::move(words));
  const auto variables = environment();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid == 0) become(all, variables, in, out, err);
  CtlResult result;
  result.exit = await(pid);
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
