// relaybench against a relayd: what its commands print and how they end.
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

// Small and short; a busy machine is no fault of relaybench's here.
std::vector<std::string> small(std::string command, const RelaydProcess& relayd,
                               std::vector<std::string> more = {}) {
  std::vector<std::string> words{std::move(command),
                                 "--url",
                                 "http://127.0.0.1:" + std::to_string(relayd.port()),
                                 "--warmup",
                                 "200ms",
                                 "--duration",
                                 "1s",
                                 "--grace",
                                 "2s",
                                 "--allow-saturated",
                                 "--progress",
                                 "plain"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

nlohmann::json json_in(const std::string& path) {
  return nlohmann::json::parse(read_text(path));
}

TEST_CASE("every ready-made load runs and holds") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const std::string file = folder.path() + "/result.json";
  for (const std::string load :
       {"fanout", "pairs", "connect", "reconnect", "idle", "publish", "subscribe", "slow", "mixed"}) {
    INFO(load);
    auto words = small(load, relayd, {"--scale", "0.02", "--connect-rate", "50k/s", "--json", file});
    if (load == "reconnect") words.insert(words.end(), {"--every", "300ms"});
    const BenchResult result = relaybench(words);
    INFO(result.output);
    CHECK(result.exit == 0);
    const auto saved = json_in(file);
    CHECK(saved["schema"] == "relaybench/1");
    CHECK(saved["run"]["name"] == load);
    CHECK(saved["exit_code"] == 0);
  }
}

TEST_CASE("a fan-out is counted to the last delivery") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const std::string file = folder.path() + "/result.json";
  const BenchResult result =
      relaybench(small("fanout", relayd,
                       {"--subs", "20", "--channels", "2", "--pubs", "2", "--rate", "100/s", "--json", file,
                        "--tag", "who=test", "--threshold", "lost==0"}));
  INFO(result.output);
  REQUIRE(result.exit == 0);
  CHECK(has(result.output, "20 subs x 2 channels, open 100/s, 1 s after 200 ms warm-up"));
  const auto saved = json_in(file);
  CHECK(saved["delivery"]["lost"] == 0);
  CHECK(saved["delivery"]["received"] == saved["delivery"]["expected"]);
  CHECK(saved["delivery"]["received"].get<int>() >= 500);
  CHECK(saved["run"]["tags"]["who"] == "test");
  CHECK(saved["thresholds"][0]["ok"] == true);
}

TEST_CASE("a missed threshold is 99") {
  const RelaydProcess relayd;
  const BenchResult result = relaybench(
      small("fanout", relayd, {"--scale", "0.02", "--threshold", "e2e.p50<1ns", "--threshold", "lost==0"}));
  INFO(result.output);
  CHECK(result.exit == 99);
}

TEST_CASE("every output file is written") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const auto in = [&](const char* name) { return folder.path() + "/out/" + name; };
  const BenchResult result =
      relaybench(small("fanout", relayd,
                       {"--scale", "0.02", "--json", in("r.json"), "--html", in("r.html"), "--junit",
                        in("r.xml"), "--csv", in("r.csv"), "--md", in("r.md"), "--hgrm", in("hgrm")}));
  INFO(result.output);
  REQUIRE(result.exit == 0);
  CHECK(has(read_text(in("r.html")), "<svg"));
  CHECK(has(read_text(in("r.xml")), "<testcase"));
  CHECK(has(read_text(in("r.md")), "|"));
  CHECK(has(read_text(in("r.csv")), ","));
  CHECK(has(read_text(in("hgrm/e2e.hgrm")), "Percentile"));
  const BenchResult again = relaybench({"report", in("r.json"), "--md", in("again.md")});
  CHECK(again.exit == 0);
  CHECK(has(again.output, "end to end"));
  CHECK(read_text(in("again.md")) == read_text(in("r.md")));
  CHECK(relaybench({"report", in("r.md")}).exit == 65);
  CHECK(relaybench({"report", in("none.json")}).exit == 66);
}

TEST_CASE("several runs are several files, to compare with others") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const auto repeat = [&](const std::string& name) {
    return relaybench(
        small("fanout", relayd,
              {"--scale", "0.02", "--runs", "2", "-q", "--json", folder.path() + "/" + name + ".json"}));
  };
  REQUIRE(repeat("base").exit == 0);
  REQUIRE(repeat("new").exit == 0);
  const BenchResult result =
      relaybench({"compare", folder.path() + "/base-*.json", folder.path() + "/new-*.json", "--force"});
  INFO(result.output);
  CHECK((result.exit == 0 || result.exit == 1));
  CHECK(has(result.output, "e2e.p99"));
  CHECK(relaybench({"compare", folder.path() + "/base-1.json", folder.path() + "/none*"}).exit == 66);
}

TEST_CASE("an interrupted run reports what it has, and ends with 130") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const std::string file = folder.path() + "/result.json";
  auto words = small("fanout", relayd, {"--scale", "0.02", "--duration", "60s", "--json", file});
  ChildProcess process(relaybench_command(words));
  REQUIRE(process.await_line("load ", 20s));
  process.signal(SIGINT);
  const auto exit = process.wait(15s);
  INFO(process.output());
  REQUIRE(exit == 130);
  const auto saved = json_in(file);
  CHECK(saved["run"]["aborted"] == true);
  CHECK(saved["delivery"]["lost"] == 0);
}

TEST_CASE("two sides in turn, each ratio with its spread") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const std::string file = folder.path() + "/versus.json";
  const std::string url = "http://127.0.0.1:" + std::to_string(relayd.port());
  auto words = small(
      "versus", relayd,
      {"--scale", "0.02", "--runs", "2", "--a", "relay=" + url, "--b", "--transport ws", "--json", file});
  const BenchResult result = relaybench(words);
  INFO(result.output);
  REQUIRE(result.exit == 0);
  CHECK(json_in(file).is_object());
  CHECK(has(result.output, "B 2 of 2"));
}

TEST_CASE("a search finds a rate below the one that breaks the promise") {
  const RelaydProcess relayd;
  const BenchResult good = relaybench(
      small("search", relayd,
            {"--scale", "0.02", "--slo", "published.rate<100", "--step", "4x", "--precision", "50%"}));
  INFO(good.output);
  CHECK(good.exit == 0);
  CHECK(has(good.output, "highest rate that keeps the promise: "));
  CHECK(relaybench({"search"}).exit == 64);
}

// Whether the threshold was met, whatever became of those on time.
bool holds(const nlohmann::json& saved, const std::string& expression) {
  for (const auto& one : saved["thresholds"]) {
    if (one["expr"] == expression) return one["ok"];
  }
  return false;
}

TEST_CASE("scenarios scale down to a moment") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const std::string file = folder.path() + "/result.json";
  const BenchResult result = relaybench(
      {"run", RELAY_SOURCE_DIR "/examples/scenarios/streams.toml", "--scale", "0.01", "--connect-rate",
       "50k/s", "--duration", "2s", "--warmup", "200ms", "--processes", "2", "--allow-saturated", "-q",
       "--json", file, "--url", "http://127.0.0.1:" + std::to_string(relayd.port())});
  INFO(result.output);
  CHECK(holds(json_in(file), "lost==0"));
  CHECK((result.exit == 0 || result.exit == 99));  // a busy machine is slower than the scenario asks
}

TEST_CASE("the example for CI runs as it is") {
  const ScratchFolder folder;
  ChildProcess script(
      {"/bin/bash", RELAY_SOURCE_DIR "/examples/ci-load-test/run", "--duration", "3s", "--warmup", "500ms"},
      {"RELAYD=" RELAYD_BINARY, "RELAYBENCH=" RELAYBENCH_BINARY,
       "LISTEN=127.0.0.1:" + std::to_string(free_port()),
       "OPERATOR_LISTEN=127.0.0.1:" + std::to_string(free_port()), "RESULTS=" + folder.path() + "/results",
       "HOME=" + folder.path()});
  const auto exit = script.wait(60s);
  INFO(script.output());
  REQUIRE((exit == 0 || exit == 99));
  const auto saved = json_in(folder.path() + "/results/load.json");
  CHECK(saved["thresholds"].size() == 3);
  CHECK(holds(saved, "lost==0"));
  CHECK(holds(saved, "publish.error_rate<0.1%"));
  CHECK(has(read_text(folder.path() + "/results/load.xml"), "<testcase"));
}

TEST_CASE("relaybench is in order here") {
  const BenchResult result = relaybench({"self-test", "--allow-saturated", "-q"});
  INFO(result.output);
  CHECK(result.exit == 0);
  CHECK(has(result.output, "relaybench is in order here"));
}

TEST_CASE("mistakes on the command line are 64, with the way out") {
  CHECK(relaybench({}).exit == 64);
  CHECK(has(relaybench({"fanuot"}).output, "did you mean \"fanout\"?"));
  CHECK(has(relaybench({"fanout", "--sbs", "3"}).output, "did you mean \"--subs\"?"));
  CHECK(has(relaybench({"fanout", "--rate", "fast"}).output, "expected a rate such as 500/s"));
  CHECK(has(relaybench({"compare", "a", "b", "--subs", "3"}).output, "--subs has no place here"));
  CHECK(relaybench({"fanout", "--threshold", "e2e.p99<"}).exit == 64);
  CHECK(has(relaybench({"versus", "--a", "x", "--b", "y"}).output, "is no server to compare"));
  CHECK(relaybench({"run", "/nonexistent.toml"}).exit == 66);
  CHECK(relaybench({"scenarios", "fanuot"}).exit == 64);
  const BenchResult refused = relaybench({"fanout", "--url", "http://127.0.0.1:1", "--scale", "0.01", "-q"});
  INFO(refused.output);
  CHECK(refused.exit == 69);
}

TEST_CASE("what needs no server") {
  CHECK(relaybench({"scenarios"}).exit == 0);
  CHECK(has(relaybench({"scenarios", "fanout"}).output, "subs = 1000"));
  CHECK(has(relaybench({"help", "exit-codes"}).output, "97"));
  const BenchResult doctor = relaybench({"doctor", "--subs", "10", "-o", "json"});
  CHECK((doctor.exit == 0 || doctor.exit == 1));
  CHECK(nlohmann::json::parse(doctor.output).size() == 7);
}

}  // namespace
