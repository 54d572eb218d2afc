#include "base/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/log_seams.hpp"
#include "support/catch.hpp"

using namespace relay;

namespace {

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "relay-log-XXXXXX").string();
};

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class HandClock final : public Clock {
 public:
  std::int64_t wall_ms() const override { return 1'795'233'906'789 + passed_.count(); }
  SteadyTime steady() const override { return SteadyTime(std::chrono::hours(1)) + passed_; }
  void pass(Milliseconds time) { passed_ += time; }

 private:
  Milliseconds passed_{0};
};

// A fresh log file and a clock in hand; afterwards the log is as the process began with it.
class Scene {
 public:
  explicit Scene(log::Format format = log::Format::kLogfmt, log::Level level = log::Level::kInfo) {
    static HandClock hand;  // the log's windows of earlier scenes refer to its time
    clock = &hand;
    clock->pass(std::chrono::minutes(1));
    log::set_clock(*clock);
    log::flush();  // windows of an earlier scene end in the earlier file
    REQUIRE(log::configure({level, format, file, "i-1"}) == "");
  }
  ~Scene() { log::configure({}); }
  Folder folder;
  std::string file = folder / "log";
  HandClock* clock;
};

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

// stderr of the process is `fd` while this lives.
class StderrTo {
 public:
  explicit StderrTo(int fd) : saved_(::dup(STDERR_FILENO)) { ::dup2(fd, STDERR_FILENO); }
  ~StderrTo() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
  }

 private:
  const int saved_;
};

// The journal's end of the native protocol.
class FakeJournal {
 public:
  explicit FakeJournal(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    log::set_journal_socket(path);
  }
  ~FakeJournal() {
    ::close(fd_);
    log::set_journal_socket("/run/systemd/journal/socket");
  }
  // The next datagram, or nothing when there is none.
  std::optional<std::string> take() const {
    std::string bytes(65536, '\0');
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0) return {};
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }

 private:
  const int fd_;
};

class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(master_ >= 0);
    REQUIRE(::grantpt(master_) == 0);
    REQUIRE(::unlockpt(master_) == 0);
    slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    REQUIRE(slave_ >= 0);
  }
  ~Terminal() {
    ::close(slave_);
    ::close(master_);
  }
  int fd() const { return slave_; }
  // What came since the last call, up to the end of a line: the kernel hands a line over in pieces.
  std::string screen() const {
    std::string text;
    while (!text.ends_with("\r\n")) {
      pollfd ready{master_, POLLIN, 0};
      REQUIRE(::poll(&ready, 1, 5000) == 1);
      char bytes[4096];
      const ssize_t got = ::read(master_, bytes, sizeof bytes);
      REQUIRE(got > 0);
      text.append(bytes, static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  const int master_;
  int slave_ = -1;
};

}  // namespace

TEST_CASE("a line goes to the file, with instance and fields") {
  const Scene scene;
  log::info("server.started", "listening", {{"port", 8081}});
  const auto lines = lines_of(scene.file);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].substr(lines[0].find(" level")) ==
        " level=info event=server.started msg=listening instance=i-1 port=8081");
}

TEST_CASE("levels below the set one are left out, and the level changes while running") {
  const Scene scene(log::Format::kLogfmt, log::Level::kWarning);
  CHECK(log::level() == log::Level::kWarning);
  CHECK_FALSE(log::enabled(log::Level::kInfo));
  log::info("a", "no");
  log::debug("a", "no");
  log::warning("b", "yes");
  log::set_level(log::Level::kDebug);
  CHECK(log::enabled(log::Level::kDebug));
  log::debug("c", "yes");
  log::set_level(log::Level::kError);
  log::warning("d", "no");
  log::error("e", "yes");
  const auto lines = lines_of(scene.file);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1].find("event=c") != std::string::npos);
  CHECK(lines[2].find("event=e") != std::string::npos);
}

TEST_CASE("repeated warnings collapse, and what was suppressed is said") {
  const Scene scene(log::Format::kJson);
  for (int i = 0; i < 12; ++i) log::warning("storage.lost", "lost", {{"i", i}});
  log::error("other", "one of another kind");
  for (int i = 0; i < 20; ++i) log::info("info", "never collapses");
  CHECK(lines_of(scene.file).size() == 5 + 1 + 20);

  scene.clock->pass(Milliseconds(9'999));
  log::flush();
  CHECK(lines_of(scene.file).size() == 26);
  scene.clock->pass(Milliseconds(1));
  SECTION("by the next line, before it") {
    log::info("next", "x");
  }
  SECTION("by a flush") {
    log::flush();
    log::info("next", "x");
  }
  const auto lines = lines_of(scene.file);
  REQUIRE(lines.size() == 28);
  const auto said = nlohmann::json::parse(lines[26]);
  CHECK(said.at("level") == "warning");
  CHECK(said.at("event") == "storage.lost");
  CHECK(said.at("msg") == "storage.lost: suppressed 7 in 10 s");
  CHECK(said.at("suppressed") == 7);
  CHECK(nlohmann::json::parse(lines[27]).at("event") == "next");
}

TEST_CASE("reopen follows a file that was moved away") {
  const Scene scene;
  log::info("a", "first");
  std::filesystem::rename(scene.file, scene.file + ".1");
  log::info("b", "second");
  CHECK_FALSE(std::filesystem::exists(scene.file));
  log::reopen();
  log::info("c", "third");
  CHECK(lines_of(scene.file + ".1").size() == 2);
  REQUIRE(lines_of(scene.file).size() == 1);
  CHECK(read(scene.file).find("third") != std::string::npos);
}

TEST_CASE("a file that cannot be reopened is used on, and it is said") {
  const Scene scene;
  std::filesystem::rename(scene.file, scene.file + ".1");
  std::filesystem::create_directory(scene.file);
  log::reopen();
  const auto lines = lines_of(scene.file + ".1");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("event=log.reopen_failed") != std::string::npos);
  CHECK(lines[0].find("reason=\"Is a directory\"") != std::string::npos);
}

TEST_CASE("a file that cannot be opened is an answer, and changes nothing") {
  const Scene scene;
  const std::string bad = scene.folder / "no/such/log";
  CHECK(log::configure({log::Level::kDebug, log::Format::kJson, bad, ""}) ==
        "cannot open " + bad + ": No such file or directory");
  CHECK(log::level() == log::Level::kInfo);
  log::info("still", "here");
  CHECK(read(scene.file).find("event=still") != std::string::npos);
}

TEST_CASE("lines are added to an old file") {
  const Scene scene;
  log::info("a", "x");
  REQUIRE(log::configure({log::Level::kInfo, log::Format::kLogfmt, scene.file, ""}) == "");
  log::info("b", "x");
  CHECK(lines_of(scene.file).size() == 2);
}

TEST_CASE("the journal gets one datagram a line") {
  const Scene scene;
  const FakeJournal journal(scene.folder / "journal");
  REQUIRE(log::configure({log::Level::kInfo, log::Format::kJournal, "", "i-1"}) == "");
  log::warning("storage.lost", "lost", {{"node", "a\nb"}});
  const std::string_view length("\x03\0\0\0\0\0\0\0", 8);
  CHECK(journal.take().value_or("") ==
        "MESSAGE=lost\nMESSAGE_ID=7fba93fa72aa88bb8b5223293335004b\nPRIORITY=4\nSYSLOG_IDENTIFIER="
        "relayd\nRELAYD_EVENT=storage.lost\nRELAYD_INSTANCE=i-1\n"
        "RELAYD_NODE\n" +
            std::string(length) + "a\nb\n");
  CHECK_FALSE(journal.take());
}

TEST_CASE("a journal that restarts is found again; meanwhile lines go to stderr") {
  const Scene scene;
  const std::string path = scene.folder / "journal";
  const int file = ::open((scene.folder / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  REQUIRE(file >= 0);
  std::optional<FakeJournal> journal(path);
  REQUIRE(log::configure({log::Level::kInfo, log::Format::kJournal, "", ""}) == "");
  log::info("a", "x");
  CHECK(journal->take());
  journal.reset();
  std::filesystem::remove(path);
  {
    const StderrTo redirected(file);
    log::info("b", "x");
  }
  CHECK(read(scene.folder / "stderr").find("event=b") != std::string::npos);
  journal.emplace(path);
  log::info("c", "x");
  CHECK(journal->take().value_or("").find("RELAYD_EVENT=c\n") != std::string::npos);
  ::close(file);
}

TEST_CASE("auto: the journal if stderr is it") {
  const Scene scene;
  const FakeJournal journal(scene.folder / "journal");
  const int file = ::open((scene.folder / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  REQUIRE(file >= 0);
  struct stat status{};
  REQUIRE(::fstat(file, &status) == 0);
  const StderrTo redirected(file);
  const std::string device = std::to_string(status.st_dev);
  {
    const Variable stream("JOURNAL_STREAM", device + ':' + std::to_string(status.st_ino));
    log::configure({});
    log::info("a", "x");
    CHECK(journal.take().value_or("").find("RELAYD_EVENT=a\n") != std::string::npos);
    CHECK(read(scene.folder / "stderr").empty());
  }
  {
    // Inherited from a parent that was started by systemd, while our stderr is something else.
    const Variable stream("JOURNAL_STREAM", device + ':' + std::to_string(status.st_ino + 1));
    log::configure({});
    log::info("b", "x");
    CHECK_FALSE(journal.take());
    CHECK(read(scene.folder / "stderr").find(" event=b ") != std::string::npos);
  }
  ::close(file);
}

TEST_CASE("auto: text on a terminal, coloured unless NO_COLOR says something") {
  const Scene scene;
  const Terminal terminal;
  const StderrTo redirected(terminal.fd());
  log::configure({});
  log::info("a", "hello");
  CHECK(terminal.screen().find(" \x1b[32minfo\x1b[0m hello\r\n") != std::string::npos);
  {
    const Variable empty("NO_COLOR", "");
    log::configure({});
    log::info("a", "hello");
    CHECK(terminal.screen().find("\x1b[32m") != std::string::npos);
  }
  const Variable set("NO_COLOR", "1");
  log::configure({});
  log::info("a", "hello");
  CHECK(terminal.screen().find(" info hello\r\n") != std::string::npos);
}

TEST_CASE("text into a file has no colour") {
  const Scene scene(log::Format::kText);
  log::warning("a", "hello");
  CHECK(read(scene.file).find(" warning hello\n") != std::string::npos);
}

TEST_CASE("threads write whole lines while the log is reopened and configured") {
  const Scene scene(log::Format::kJson);
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([i] {
      for (int j = 0; j < kLines; ++j) log::info("thread", "line", {{"thread", i}, {"line", j}});
    });
  }
  for (int i = 0; i < 20; ++i) {
    log::reopen();
    log::configure({log::Level::kInfo, log::Format::kJson, scene.file, "i-" + std::to_string(i)});
  }
  for (std::thread& thread : threads) thread.join();
  const auto lines = lines_of(scene.file);
  CHECK(lines.size() == kThreads * kLines);
  for (const std::string& line : lines) REQUIRE(nlohmann::json::accept(line));
}
