// Workers: real processes of this machine that take the place of others.
#include "bench/bench_runner.hpp"

#include <signal.h>

#include <nlohmann/json.hpp>

#include "options/texts.hpp"
#include "support/catch.hpp"
#include "support/relayd_process.hpp"

namespace {

using namespace relay::test;
using namespace std::chrono_literals;

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

// A worker on a free port.
class Worker {
 public:
  explicit Worker(const std::string& secret_file)
      : process_(relaybench_command({"worker", "--listen", "127.0.0.1:0", "--secret", secret_file})) {
    const auto line = process_.await_line("worker of relaybench", 20s);
    REQUIRE(line.has_value());
    address_ = line->substr(line->rfind(' ') + 1);
  }
  const std::string& address() const { return address_; }
  ChildProcess& process() { return process_; }

 private:
  ChildProcess process_;
  std::string address_;
};

class Crew {
 public:
  Crew() : secret(folder.write("secret", "0123456789abcdef\n")), one(secret), two(secret) {}
  std::vector<std::string> fanout(const std::string& duration, const std::string& its_secret) const {
    return {"fanout",
            "--url",
            "http://127.0.0.1:" + std::to_string(relayd.port()),
            "--subs",
            "30",
            "--channels",
            "3",
            "--pubs",
            "3",
            "--rate",
            "90/s",
            "--warmup",
            "200ms",
            "--duration",
            duration,
            "--grace",
            "5s",
            "--allow-saturated",
            "--interval",
            "200ms",
            "--workers",
            one.address() + "," + two.address(),
            "--worker-secret",
            its_secret,
            "--progress",
            "plain",
            "--json",
            file()};
  }
  std::string file() const { return folder.path() + "/result.json"; }
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const std::string secret;
  Worker one;
  Worker two;
};

TEST_CASE("two workers carry one load, and the report has all of it") {
  Crew crew;
  for (int round = 0; round < 2; ++round) {  // they wait for the next one
    const BenchResult result = relaybench(crew.fanout("1s", crew.secret));
    INFO(result.output);
    REQUIRE(result.exit == 0);
    const auto saved = nlohmann::json::parse(read_text(crew.file()));
    // One channel of the first and two of the second: 10 subscribers each, 30 messages a second each. A busy
    // machine may leave some out.
    const auto published = saved["counts"]["published"].get<int>();
    CHECK(published + saved["generator"]["dropped_slots"].get<int>() == 90);
    CHECK(published > 0);
    CHECK(saved["counts"]["delivered"] == 10 * published);
    CHECK(saved["delivery"]["lost"] == 0);
    CHECK(saved["metrics"]["connect"]["count"] == 30);
    CHECK(saved["generator"]["processes"] == 2);
    REQUIRE(saved["series"].size() > 0);
    CHECK(saved["series"][0]["clients"] == 30);
    REQUIRE(saved["workers"].size() == 2);
    for (const auto& worker : saved["workers"]) {
      // The same clock at both ends: as near as the measurement says.
      const auto error = worker["clock_error_ns"].get<std::int64_t>();
      CHECK(std::abs(worker["clock_before_ns"].get<std::int64_t>()) <= error + 1);
      CHECK(std::abs(worker["clock_after_ns"].get<std::int64_t>()) <= error + 1);
    }
    CHECK(has(result.output, "worker     " + crew.one.address() + "   clock "));
  }
}

TEST_CASE("a worker does nothing for who does not know its secret, and goes on waiting") {
  Crew crew;
  const BenchResult refused = relaybench(crew.fanout("1s", crew.folder.write("other", "fedcba9876543210\n")));
  INFO(refused.output);
  CHECK(refused.exit == 69);
  CHECK(has(refused.output, "does not take this secret"));
  CHECK(crew.one.process().await_line("refused", 20s).has_value());
  const BenchResult taken = relaybench(crew.fanout("500ms", crew.secret));
  INFO(taken.output);
  CHECK(taken.exit == 0);
}

TEST_CASE("a run that is interrupted is drained on all workers and reported") {
  Crew crew;
  ChildProcess process(relaybench_command(crew.fanout("1h", crew.secret)));
  REQUIRE(process.await_line("load ", 30s));
  process.signal(SIGINT);
  const auto exit = process.wait(30s);
  INFO(process.output());
  REQUIRE(exit == 130);
  const auto saved = nlohmann::json::parse(read_text(crew.file()));
  CHECK(saved["run"]["aborted"] == true);
  CHECK(saved["delivery"]["lost"] == 0);
}

TEST_CASE("a worker that dies ends the run, and its name is said") {
  Crew crew;
  ChildProcess process(relaybench_command(crew.fanout("1h", crew.secret)));
  REQUIRE(process.await_line("load ", 30s));
  crew.two.process().signal(SIGKILL);
  const auto exit = process.wait(30s);
  INFO(process.output());
  CHECK(exit == 69);
  CHECK(has(process.output(), "the worker at " + crew.two.address() + ": it left before it was done"));
}

TEST_CASE("what workers cannot share out is said, and what a worker cannot be") {
  Crew crew;
  auto words = crew.fanout("1s", crew.secret);
  words[6] = "1";  // one channel
  const BenchResult one_channel = relaybench(words);
  INFO(one_channel.output);
  CHECK(one_channel.exit == 64);
  CHECK(has(one_channel.output, "each worker has channels of its own"));
  CHECK(has(relaybench({"fanout", "--workers", "nowhere"}).output, "10.0.0.2:7800"));
  CHECK(has(relaybench({"fanout", "--workers", "127.0.0.1:1"}).output, "--worker-secret"));
  CHECK(relaybench({"worker", "--listen", "127.0.0.1:0"}).exit == 64);
  CHECK(
      relaybench({"worker", "--listen", "127.0.0.1:0", "--secret", crew.folder.write("short", "x\n")}).exit ==
      65);
  CHECK(relaybench({"worker", "--listen", "nowhere", "--secret", crew.secret}).exit == 64);
  CHECK(relaybench({"worker", "--listen", crew.one.address(), "--secret", crew.secret}).exit == 71);
  crew.one.process().signal(SIGTERM);
  CHECK(crew.one.process().wait(20s) == 0);
}

}  // namespace
