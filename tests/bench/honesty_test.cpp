// Whether relaybench finds what is wrong, exactly: the built program against a server that lies in known
// ways.
#include "bench/lying_server.hpp"

#include "support/catch.hpp"

#include <signal.h>

#include <nlohmann/json.hpp>

#include "bench/bench_run.hpp"
#include "support/await.hpp"

namespace {

using namespace relay::test;
using namespace std::chrono_literals;
using nlohmann::json;

// 20 subscribers of one channel and one publisher: 400 messages, if not more is said. Neighbours on the
// machine may make the generator late: that is for the test that wants it.
BenchRun run_against(const LyingServer& server, std::vector<std::string> more = {"--allow-saturated"}) {
  std::vector<std::string> words = {
      "fanout",  "--url",    "http://127.0.0.1:" + std::to_string(server.port()),
      "--subs",  "20",       "--channels",
      "1",       "--pubs",   "1",
      "--rate",  "200/s",    "--duration",
      "2s",      "--warmup", "0s",
      "--grace", "1s"};
  words.insert(words.end(), more.begin(), more.end());
  return BenchRun(words);
}

// Nothing but what the server says it did.
void expect_only(const BenchRun& run, const LyingServer& server, std::uint64_t lost, std::uint64_t duplicate,
                 std::uint64_t reordered, std::uint64_t corrupt) {
  INFO(run.result().dump(1));
  const std::uint64_t expected = server.told().published.load() * 20;
  CHECK(run.count("expected") == expected);
  CHECK(run.count("received") == expected - lost);
  CHECK(run.count("lost") == lost);
  CHECK(run.count("duplicate") == duplicate);
  CHECK(run.count("reordered") == reordered);
  CHECK(run.count("corrupt") == corrupt);
  CHECK(run.count("foreign") == 0);
}

}  // namespace

TEST_CASE("an honest server passes") {
  const LyingServer server({});
  auto run = run_against(server);
  CHECK(run.wait() == 0);
  expect_only(run, server, 0, 0, 0, 0);
  CHECK(server.told().published.load() >= 400);
}

TEST_CASE("every lost message is missed") {
  const LyingServer server({.lose = {10, 3}});
  auto run = run_against(server);
  CHECK(run.wait() == 98);
  CHECK(server.told().lost.load() >= 40 * 20);
  expect_only(run, server, server.told().lost.load(), 0, 0, 0);
  const json& samples = run.result().at("delivery").at("samples");
  REQUIRE(samples.size() == 20);
  for (const json& sample : samples) {
    CHECK(sample.at("kind") == "lost");
    CHECK(sample.at("sequence").get<std::uint64_t>() % 10 == 3);
  }
}

TEST_CASE("every repetition is counted, and forgiven where it may be") {
  const LyingServer server({.repeat = {7, 0}});
  auto run = run_against(server);
  CHECK(run.wait() == 98);
  CHECK(server.told().repeated.load() >= 57 * 20);
  expect_only(run, server, 0, server.told().repeated.load(), 0, 0);

  const LyingServer again({.repeat = {7, 0}});
  auto forgiving = run_against(again, {"--delivery", "at-least-once", "--allow-saturated"});
  CHECK(forgiving.wait() == 0);
  expect_only(forgiving, again, 0, again.told().repeated.load(), 0, 0);
}

TEST_CASE("every change of order is counted") {
  const LyingServer server({.swap = {10, 5}});
  auto run = run_against(server);
  CHECK(run.wait() == 98);
  REQUIRE(server.told().published.load() % 10 != 5);  // nothing was kept back at the end
  CHECK(server.told().swapped.load() >= 40 * 20);
  expect_only(run, server, 0, 0, server.told().swapped.load(), 0);
}

TEST_CASE("every corrupted message is found, and did not arrive") {
  const LyingServer server({.corrupt = {20, 1}});
  auto run = run_against(server);
  CHECK(run.wait() == 98);
  const std::uint64_t corrupted = server.told().corrupted.load();
  CHECK(corrupted >= 20 * 20);
  expect_only(run, server, corrupted, 0, 0, corrupted);
}

TEST_CASE("all kinds at once are told apart") {
  const LyingServer server({.lose = {20, 2}, .repeat = {20, 7}, .swap = {20, 11}, .corrupt = {20, 17}});
  auto run = run_against(server);
  CHECK(run.wait() == 98);
  const auto& told = server.told();
  REQUIRE(told.published.load() % 20 != 11);
  expect_only(run, server, told.lost.load() + told.corrupted.load(), told.repeated.load(),
              told.swapped.load(), told.corrupted.load());
}

TEST_CASE("a known delay is measured right to 5 %") {
  const LyingServer server({.delay = 60ms});
  auto run = run_against(server);
  CHECK(run.wait() == 0);
  expect_only(run, server, 0, 0, 0, 0);
  const double held = static_cast<double>(server.held().count());
  const json& metrics = run.result().at("metrics");
  INFO("held " << held << " ns; " << metrics.at("e2e").dump());
  CHECK(metrics.at("e2e").at("p50").get<double>() >= held);
  CHECK(metrics.at("e2e").at("p50").get<double>() <= held * 1.05);
  CHECK(metrics.at("publish").at("p50").get<double>() < held / 2);  // acknowledged before
}

// Each stream but the first of a subscriber resumes, if the one before had a message.
TEST_CASE("a replay that is cut off before its end is counted, not forgotten") {
  const LyingServer server({.delay = 300ms});  // what was missed cannot be there before the next cut
  auto run =
      run_against(server, {"--allow-saturated", "--kill", "100%", "--every", "250ms", "--away", "100ms"});
  CHECK(run.wait() == 98);  // this server keeps nothing for who is away
  const json& metrics = run.result().at("metrics");
  INFO(run.result().at("errors").dump(1) << metrics.dump());
  const std::uint64_t connects = metrics.at("connect").at("count");
  const std::uint64_t finished =
      metrics.contains("replay") ? metrics.at("replay").at("count").get<std::uint64_t>() : 0;
  const std::uint64_t unfinished = run.errors("replay_unfinished");
  CHECK(unfinished > 0);
  CHECK(finished + unfinished <= connects - 20);
  CHECK(finished + unfinished >= connects - 40);
}

TEST_CASE("replays that come to their end are not called unfinished") {
  const LyingServer server({});
  auto run =
      run_against(server, {"--allow-saturated", "--kill", "100%", "--every", "800ms", "--away", "100ms"});
  CHECK(run.wait() == 98);
  CHECK(run.result().at("metrics").at("replay").at("count") >= 20);
  CHECK(run.errors("replay_unfinished") == 0);
}

TEST_CASE("a generator that stood still says so") {
  const LyingServer server({});
  auto run = run_against(server, {"--duration", "3s"});
  REQUIRE(await([&] { return server.told().published.load() >= 100; }));
  const std::vector<pid_t> generators = run.generators();
  REQUIRE_FALSE(generators.empty());
  for (const pid_t pid : generators) REQUIRE(kill(pid, SIGSTOP) == 0);
  std::this_thread::sleep_for(700ms);  // the pause itself is what is tested
  for (const pid_t pid : generators) REQUIRE(kill(pid, SIGCONT) == 0);
  CHECK(run.wait() == 97);
  CHECK(run.result().at("generator").at("valid") == false);
  CHECK_FALSE(run.result().at("generator").at("reasons").empty());
  CHECK(run.result().at("generator").at("lag_p99_ns").get<double>() > 100e6);
  expect_only(run, server, 0, 0, 0, 0);
}

TEST_CASE("what a generator that stood still had not read yet is not called lost") {
  const LyingServer server({.delay = 300ms});
  auto run = run_against(server, {"--allow-saturated", "--grace", "500ms"});
  REQUIRE(run.process().await_line("drain ", 20s));
  // All is published, and the last deliveries are still to come: they do while it stands, beyond the grace.
  const std::vector<pid_t> generators = run.generators();
  for (const pid_t pid : generators) REQUIRE(kill(pid, SIGSTOP) == 0);
  std::this_thread::sleep_for(1200ms);  // the pause itself is what is tested
  for (const pid_t pid : generators) REQUIRE(kill(pid, SIGCONT) == 0);
  CHECK(run.wait() == 0);
  expect_only(run, server, 0, 0, 0, 0);
}
