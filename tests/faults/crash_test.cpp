// A relayd that dies of a fault says so in one line, with what finds the place in the code, and dies of that
// signal.
#include "server/crash_report.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <regex>
#include <thread>

#include "support/catch.hpp"
#include "support/relayd_process.hpp"

using namespace relay::test;

namespace {

constexpr std::chrono::seconds kLimit{10};
constexpr std::uint64_t kMaxDepth = 1'000'000;  // a gigabyte

// As binutils reads it from the file.
std::string build_id() {
  const std::string command = "readelf -n " + relayd_command({}).front();
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> bytes;
  while (const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), pipe))
    text.append(bytes.data(), got);
  ::pclose(pipe);
  std::smatch found;
  REQUIRE(std::regex_search(text, found, std::regex("Build ID: ([0-9a-f]+)")));
  return found[1];
}

// Calls itself until there is no more of it.
[[gnu::noinline]] std::uint64_t use_up_stack(std::uint64_t depth) {
  volatile char frame[1024];
  frame[depth % sizeof frame] = static_cast<char>(depth);
  const std::uint64_t below = depth < kMaxDepth ? use_up_stack(depth + 1) : 0;
  return below + static_cast<unsigned char>(frame[below % sizeof frame]);
}

std::string dying_words(int signal, const std::string& name) {
  RelaydProcess relayd;
  relayd.process().signal(signal);
  CHECK(relayd.process().wait(kLimit) == 128 + signal);
  return relayd.process().await_line("signal=" + name, kLimit).value_or("");
}

}  // namespace

TEST_CASE("ABRT, as of systemd's watchdog, leaves a line and the default action") {
  const std::string line = dying_words(SIGABRT, "SIGABRT");
  CHECK(line.find("event=crash") != std::string::npos);
  CHECK(line.find("build_id=" + build_id()) != std::string::npos);
  CHECK(std::regex_search(
      line, std::regex(" instruction=0x[0-9a-f]+ base=0x[0-9a-f]+ thread=[0-9]+ version=[0-9.]+ ")));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // those have reports of their own
TEST_CASE("A thread that has used up its stack is reported as well") {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    for (const int number : {SIGSEGV, SIGBUS}) ::signal(number, SIG_DFL);  // Catch's own
    relay::server::install_crash_report();
    std::thread([] {
      const relay::server::CrashStack stack;
      ::_exit(static_cast<int>(use_up_stack(1)));
    }).join();
  }
  ::close(pipe[1]);
  std::string words;
  std::array<char, 512> bytes;
  for (ssize_t got; (got = ::read(pipe[0], bytes.data(), bytes.size())) > 0;)
    words.append(bytes.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
  CHECK(words.find("event=crash") != std::string::npos);
  CHECK(words.find("signal=SIGSEGV") != std::string::npos);
}

TEST_CASE("So do faults") {
  CHECK(dying_words(SIGSEGV, "SIGSEGV").find("event=crash") != std::string::npos);
  CHECK(dying_words(SIGBUS, "SIGBUS").find("event=crash") != std::string::npos);
}
#endif
