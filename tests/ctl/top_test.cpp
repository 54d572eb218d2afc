// top in a terminal of the test's own, in batches, and its lines as pure text.
#include "top_view.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/terminal.hpp"
#include "ctl/live_fixture.hpp"
#include "screen.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::test;
using namespace relay::ctl;

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

// A program on a pseudo terminal.
class Terminal {
 public:
  Terminal(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
    master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0)
      throw std::runtime_error("no pseudo terminal");
    slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    resize(120, 30);
    ::tcgetattr(slave_, &before_);
    pid_ = start_program(command, environment, [this] {
      ::setsid();
      for (const int fd : {0, 1, 2}) ::dup2(slave_, fd);
      ::ioctl(0, TIOCSCTTY, 0);
    });
  }
  ~Terminal() {
    if (!status_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(master_);
    ::close(slave_);
  }
  void resize(unsigned short columns, unsigned short rows) {
    const winsize size{rows, columns, 0, 0};
    ::ioctl(master_, TIOCSWINSZ, &size);
  }
  void type(std::string_view keys) {
    REQUIRE(::write(master_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
  void signal(int number) { ::kill(pid_, number); }
  // Reads until the words have come since the last call; false after ten seconds.
  bool await(std::string_view words) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (output_.find(words, seen_) == std::string::npos) {
      pollfd waiting{master_, POLLIN, 0};
      char buffer[4096];
      if (::poll(&waiting, 1, 100) > 0) {
        const ssize_t got = ::read(master_, buffer, sizeof buffer);
        if (got > 0) output_.append(buffer, static_cast<std::size_t>(got));
      }
      if (std::chrono::steady_clock::now() > until) return false;
    }
    seen_ = output_.find(words, seen_) + words.size();
    return true;
  }
  // Its exit code; -1 if it does not end in ten seconds.
  int wait() {
    status_ = await_end(pid_, std::chrono::seconds(10), master_);
    return *status_;
  }
  // Echo and lines are as they were.
  bool is_clean() const {
    termios now{};
    ::tcgetattr(slave_, &now);
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag;
  }
  const std::string& output() const { return output_; }

 private:
  int master_ = -1;
  int slave_ = -1;
  pid_t pid_ = -1;
  termios before_{};
  std::optional<int> status_;
  std::string output_;
  std::size_t seen_ = 0;
};

constexpr std::string_view kEnter = "\x1b[?1049h";
constexpr std::string_view kLeave = "\x1b[?1049l";

TEST_CASE("top draws, changes tabs, resizes and leaves a clean terminal") {
  LiveFixture fixture;
  fixture.listen(Wire::kSse, "news");
  Terminal terminal(fixture.ctl.command({"top", "--interval", "200ms"}), fixture.ctl.environment());
  REQUIRE(terminal.await(kEnter));
  REQUIRE(terminal.await("news"));
  CHECK_FALSE(terminal.is_clean());
  terminal.type("3");
  REQUIRE(terminal.await("edge-1."));
  terminal.type("1");
  REQUIRE(terminal.await("alive"));
  terminal.type("?");
  REQUIRE(terminal.await("Any key goes back."));
  terminal.type("x2/");
  REQUIRE(terminal.await("/_"));
  terminal.type("nomatch\r");
  REQUIRE(terminal.await("/nomatch"));
  terminal.type("\x1b");
  terminal.resize(60, 12);
  terminal.signal(SIGWINCH);
  REQUIRE(terminal.await("\x1b[2J"));
  REQUIRE(terminal.await("news"));
  terminal.type("q");
  REQUIRE(terminal.await(kLeave));
  CHECK(terminal.wait() == 0);
  CHECK(terminal.is_clean());
}

TEST_CASE("whatever ends top, the terminal is clean") {
  LiveFixture fixture;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT}) {
    INFO(number);
    Terminal terminal(fixture.ctl.command({"top"}), fixture.ctl.environment());
    REQUIRE(terminal.await(kEnter));
    REQUIRE(terminal.await("q leave"));
    terminal.signal(number);
    REQUIRE(terminal.await(kLeave));
    const int code = terminal.wait();
    CHECK((code == 130 || code == 128 + number));
    CHECK(terminal.is_clean());
  }
}

// The thread sanitizer delivers a signal that its own handler raises later, so there a stop never ends.
#ifndef __SANITIZE_THREAD__
TEST_CASE("a stopped top gives the terminal back, and takes it again") {
  LiveFixture fixture;
  Terminal terminal(fixture.ctl.command({"top"}), fixture.ctl.environment());
  REQUIRE(terminal.await("q leave"));
  terminal.signal(SIGTSTP);
  REQUIRE(terminal.await(kLeave));
  terminal.signal(SIGCONT);
  REQUIRE(terminal.await(kEnter));
  REQUIRE(terminal.await("q leave"));
  terminal.type("q");
  CHECK(terminal.wait() == 0);
}
#endif

TEST_CASE("top needs a terminal, or --batch") {
  LiveFixture fixture;
  fixture.listen(Wire::kSse, "news");
  CHECK(fixture.ctl.run({"top"}).exit == 64);
  const CtlResult frames = fixture.ctl.expect(0, {"top", "--batch", "-n", "2", "--interval", "100ms"});
  CHECK(frames.out.find('\x1b') == std::string::npos);
  CHECK(has(frames.out, "relayd " RELAY_VERSION " on edge-1"));
  CHECK(has(frames.out, "CHANNEL"));
  CHECK(has(frames.out, "news"));
  const auto document =
      fixture.ctl.expect(0, {"top", "--batch", "--interval", "100ms", "--tab", "clients", "-o", "json"})
          .json();
  CHECK(document["clients"].size() == 1);
  CHECK(document["status"]["clients"] == 1);
  CHECK(fixture.ctl.run({"top", "--batch", "--sort", "colour"}).exit == 64);
}

TEST_CASE("unchanged data draws unchanged lines, cut to the terminal") {
  set_up_locale();
  TopData data;
  data.status = {{"version", "1"},
                 {"instance", "edge-1"},
                 {"state", "ready"},
                 {"clients", 3},
                 {"published_history", {1, 2, 4}}};
  data.tables[1] = {{{"channel", std::string(80, 'x')}, {"subscribers", 3}, {"messages", 10}},
                    {{"channel", "b"}, {"subscribers", 5}, {"messages", 2}}};
  TopData before = data;
  before.tables[1][0]["messages"] = 4;
  const TopView view;
  const auto lines = top_lines(data, before, view, 60, 20, true);
  CHECK(lines == top_lines(data, before, view, 60, 20, true));
  for (const std::string& line : lines) CHECK(display_width(line) <= 60);
  TopView changes = view;
  changes.deltas = true;
  changes.sort_by = "messages";
  CHECK(arranged(data, before, changes)[0]["messages"] == 6);
  changes.reverse = true;
  CHECK(arranged(data, before, changes)[0]["messages"] == 0);
  CHECK(sparkline({0, 4, 8}, 3) == "▁▄█");
  CHECK(sparkline({1, 2, 3}, 2) == "▆█");
}

TEST_CASE("keys change the view") {
  TopView view;
  CHECK(press(view, '3', 0));
  CHECK(view.tab == Tab::kClients);
  press(view, '/', 5);
  press(view, 'q', 5);
  CHECK(view.filter == "q");
  press(view, kKeyEnter, 5);
  CHECK_FALSE(view.typing);
  press(view, kKeyDown, 2);
  press(view, kKeyDown, 2);
  CHECK(view.selected == 1);
  press(view, ' ', 2);
  CHECK(view.paused);
  press(view, 's', 2);
  CHECK_FALSE(view.sort_by.empty());
  CHECK_FALSE(press(view, 'q', 2));
}

}  // namespace
