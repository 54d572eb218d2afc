// `relaybench run` and what it takes from a scenario file: stages that act, thresholds that end it, where it
// connects from and to, and what it says of who was measured.
#include "bench/bench_runner.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "options/texts.hpp"
#include "support/catch.hpp"
#include "support/redis_server.hpp"
#include "support/relayd_process.hpp"

namespace {

using namespace relay::test;

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

// A small load; a busy machine is no fault of relaybench's here.
constexpr const char* kLoad = R"([load]
subs = 20
channels = 4
pubs = 2
rate = "100/s"
[time]
warmup = "200ms"
grace = "5s"
interval = "200ms"
[verdict]
allow_saturated = true
)";

struct Ran {
  int exit;
  std::string output;
  nlohmann::json saved;
};

Ran run(const ScratchFolder& folder, const std::string& url, const std::string& more,
        std::vector<std::string> flags = {}) {
  const std::string file = folder.path() + "/result.json";
  std::vector<std::string> words{
      "run", folder.write("load.toml", kLoad + more), "--url", url, "--json", file, "--progress", "plain"};
  words.insert(words.end(), flags.begin(), flags.end());
  const BenchResult result = relaybench(words);
  const bool saved = std::filesystem::exists(file);
  return {result.exit, result.output, saved ? nlohmann::json::parse(read_text(file)) : nlohmann::json()};
}

std::string url_of(const RelaydProcess& relayd) {
  return "http://127.0.0.1:" + std::to_string(relayd.port());
}

constexpr const char* kOneSecond = "[[stage]]\nduration = \"1s\"\n";

TEST_CASE("a stage acts when it begins, and only where that is allowed") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const std::string acted = folder.path() + "/acted";
  const std::string stages =
      "[[stage]]\nname = \"calm\"\nduration = \"600ms\"\n[[stage]]\nname = \"rush\"\nduration = "
      "\"2s\"\nchurn = \"20/s\"\naction = \"echo $RELAYBENCH_STAGE >> " +
      acted + "; exit 3\"\n";
  const Ran refused = run(folder, url_of(relayd), stages);
  INFO(refused.output);
  CHECK(refused.exit == 64);
  CHECK(has(refused.output, "relaybench run --allow-hooks"));
  const Ran allowed = run(folder, url_of(relayd), stages, {"--allow-hooks"});
  INFO(allowed.output);
  CHECK(allowed.exit == 0);
  CHECK(read_text(acted) == "rush\n");
  REQUIRE(allowed.saved["actions"].size() == 1);
  CHECK(allowed.saved["actions"][0]["exit"] == 3);
  CHECK(allowed.saved["actions"][0]["stage"] == "rush");
  CHECK(allowed.saved["actions"][0]["at"].get<std::int64_t>() >= 600'000'000);
  CHECK(allowed.saved["errors"][0]["kind"] == "action_failed");
  CHECK(has(allowed.output, "exit 3 after"));
  // The churn is the second stage's alone.
  CHECK(allowed.saved["stages"][0]["counts"]["connected"] == 0);
  CHECK(allowed.saved["stages"][1]["counts"]["connected"].get<int>() > 0);
}

TEST_CASE("a threshold ends the run as soon as it is out of reach, and not before its time") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const std::string hour =
      "[[stage]]\nduration = \"1h\"\n[[threshold]]\nexpr = \"e2e.max<1ns\"\nabort = true\n";
  const Ran soon = run(folder, url_of(relayd), hour + "after = \"1s\"\n");
  INFO(soon.output);
  CHECK(soon.exit == 99);
  CHECK(soon.saved["run"]["aborted"] == true);
  CHECK(soon.saved["run"]["duration_ns"].get<std::int64_t>() >= 1'000'000'000);
  CHECK(soon.saved["delivery"]["lost"] == 0);
  const Ran never = run(folder, url_of(relayd),
                        std::string(kOneSecond) + "[[threshold]]\nexpr = \"lost==0\"\nabort = true\n");
  CHECK(never.exit == 64);
  CHECK(has(never.output, "known at the end only"));
}

TEST_CASE("the result names who measured and who was measured") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  RedisServer redis;
  const Ran ran = run(folder, url_of(relayd), kOneSecond,
                      {"--scrape", "http://127.0.0.1:" + std::to_string(relayd.operator_port()) + "/metrics",
                       "--annotate-redis", "redis://127.0.0.1:" + std::to_string(redis.port()), "--hlog",
                       folder.path() + "/log.hlog"});
  INFO(ran.output);
  REQUIRE(ran.exit == 0);
  const auto version = nlohmann::json::parse(relaybench({"version", "-o", "json"}).output);
  CHECK(ran.saved["tool"]["version"] == version["version"]);
  CHECK(ran.saved["tool"]["commit"] == version["commit"]);
  CHECK(ran.saved["target"]["server_version"] == "relayd " RELAY_VERSION);
  REQUIRE(ran.saved["redis"].size() == 1);
  CHECK(ran.saved["redis"][0]["role"] == "master");
  CHECK(has(ran.output, "redis      cpu "));
  CHECK(ran.saved["metrics"]["silence"]["count"] == 20);
  CHECK(ran.saved["metrics"]["silence"]["min"].get<std::int64_t>() > 0);
  CHECK(has(read_text(folder.path() + "/log.hlog"), "\nTag=e2e,0.000,0.200,"));
  const BenchResult later =
      relaybench({"report", folder.path() + "/result.json", "--hlog", folder.path() + "/again.hlog"});
  CHECK(later.exit == 64);
  CHECK(has(later.output, "--hlog is for the run itself"));
}

TEST_CASE("a wrong address of what is looked at beside the load ends it before it begins") {
  const RelaydProcess relayd;
  const ScratchFolder folder;
  const Ran away = run(folder, url_of(relayd), kOneSecond, {"--annotate-redis", "redis://127.0.0.1:1"});
  CHECK(away.exit != 0);
  CHECK(has(away.output, "the Redis at 127.0.0.1:1 cannot be asked"));
  const Ran unit = run(folder, url_of(relayd), kOneSecond, {"--systemd-unit", "no-such-unit-of-relaybench"});
  CHECK(unit.exit != 0);
  CHECK(has(unit.output, "unit no-such-unit-of-relaybench"));
}

TEST_CASE("many source addresses and a Unix socket carry the same load") {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/public.sock";
  const RelaydProcess relayd({}, {"--listen", "unix:" + path});
  const Ran many = run(folder, url_of(relayd), kOneSecond, {"--source-ip", "127.0.0.0/29"});
  INFO(many.output);
  CHECK(many.exit == 0);
  CHECK(many.saved["delivery"]["received"].get<int>() >= 500);
  std::string url = "http+unix://";
  for (const char c : path) url += c == '/' ? "%2F" : std::string(1, c);
  const Ran local = run(folder, url, kOneSecond, {"--transport", "sse,ws"});
  INFO(local.output);
  CHECK(local.exit == 0);
  CHECK(local.saved["delivery"]["lost"] == 0);
  CHECK(local.saved["delivery"]["received"].get<int>() >= 500);
}

}  // namespace
