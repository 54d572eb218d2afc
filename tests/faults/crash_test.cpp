// A relayd that dies of a fault says so in one line, with what finds the place in the code, and dies of that
// signal.
#include "server/crash_report.hpp"

#include <signal.h>

#include <array>
#include <cstdio>
#include <regex>

#include "support/catch.hpp"
#include "support/relayd_process.hpp"

using namespace relay::test;

namespace {

constexpr std::chrono::seconds kLimit{10};

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
TEST_CASE("So do faults") {
  CHECK(dying_words(SIGSEGV, "SIGSEGV").find("event=crash") != std::string::npos);
  CHECK(dying_words(SIGBUS, "SIGBUS").find("event=crash") != std::string::npos);
}
#endif
