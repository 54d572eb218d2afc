// The server's own cost, read of processes that the test starts; a unit is a folder of the test's own.
#include "load/server_cost.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "client/small_server.hpp"
#include "load/server_version.hpp"
#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"

using namespace relay::bench;
using relay::test::ChildProcess;
using relay::test::ScratchFolder;

namespace {

// A control group as systemd makes it, with these processes.
void make_group(const ScratchFolder& root, const std::string& path, const std::vector<pid_t>& processes) {
  std::filesystem::create_directories(root.path() + "/" + path);
  std::string text;
  for (const pid_t pid : processes) text += std::to_string(pid) + "\n";
  root.write(path + "/cgroup.procs", text);
}

// It runs its program, waits, and changes no more.
bool sleeps(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string number;
  std::string name;
  std::string state;
  file >> number >> name >> state;
  return name == "(sleep)" && state == "S";
}

ServerWatch watch_unit(const ScratchFolder& root, const std::string& unit) {
  ServerWatch watch;
  watch.systemd_unit = unit;
  watch.control_groups = root.path();
  return watch;
}

}  // namespace

TEST_CASE("a unit's cost is that of all its processes, wherever its control group lies") {
  ChildProcess one({"/bin/sleep", "600"});
  ChildProcess two({"/bin/sleep", "600"});
  for (const ChildProcess* process : {&one, &two}) {
    REQUIRE(relay::test::await([&] { return sleeps(process->pid()); }));
  }
  const ScratchFolder root;
  make_group(root, "system.slice/edge.service", {one.pid()});
  make_group(root, "system.slice/edge.service/workers", {two.pid()});
  make_group(root, "system.slice/system-hub.slice/hub@1.service", {two.pid()});
  const auto cost = ServerCost::make(watch_unit(root, "edge"));
  REQUIRE(cost.has_value());
  CHECK(cost->source() == "unit edge");
  const auto each = [](const ChildProcess& process) {
    return process_memory_bytes(process.pid(), "VmRSS").value_or(0);
  };
  CHECK(cost->take().rss_bytes == each(one) + each(two));
  CHECK(cost->take().cpu_ns > 0);
  const auto deep = ServerCost::make(watch_unit(root, "hub@1.service"));
  REQUIRE(deep.has_value());
  CHECK(deep->take().rss_bytes == each(two));
}

TEST_CASE("a unit that is not there, or has ended, is said at once") {
  const ScratchFolder root;
  make_group(root, "system.slice/ended.service", {});
  for (const char* unit : {"ended", "never"}) {
    const auto cost = ServerCost::make(watch_unit(root, unit));
    REQUIRE_FALSE(cost.has_value());
    CHECK(cost.error().code == "no_server_process");
    CHECK(cost.error().message.find(unit) != std::string::npos);
  }
}

TEST_CASE("a process costs what it and its children do") {
  ChildProcess shell({"/bin/sh", "-c", "sleep 600 >&- 2>&- & echo started; wait"});
  REQUIRE(shell.await_line("started", std::chrono::seconds(20)));
  CHECK(process_family(shell.pid()).size() == 2);
  ServerWatch watch;
  watch.pid = shell.pid();
  const auto cost = ServerCost::make(watch);
  REQUIRE(cost.has_value());
  CHECK(cost->take().rss_bytes > process_memory_bytes(shell.pid(), "VmRSS").value_or(0));
  watch.pid = 4'194'305;  // above what the kernel gives out
  CHECK_FALSE(ServerCost::make(watch).has_value());
  for (const std::int64_t pid : process_family(shell.pid())) kill(static_cast<pid_t>(pid), SIGKILL);
}

TEST_CASE("the server's version is what it says itself") {
  relay::client::SmallServer nginx([](relay::client::Socket& socket) {
    std::string rest;
    if (relay::client::read_request(socket, rest).method == "HEAD")
      relay::client::send(socket,
                          "HTTP/1.1 404 Not Found\r\nServer: nginx/1.26.3\r\nContent-Length: 9\r\n\r\n");
    relay::client::wait_for_end(socket);
  });
  TargetPlan target;
  target.url = "http://" + nginx.endpoint().text();
  CHECK(server_version(target, {}) == "nginx/1.26.3");
  CHECK(server_version(target, {{"up", 1}, {"relayd_build_info{commit=\"c\",version=\"0.1.0\"}", 1}}) ==
        "relayd 0.1.0");
  target.url = "https://127.0.0.1:1";
  CHECK(server_version(target, {{"other_build_info{go=\"1\"}", 1}}).empty());
}
