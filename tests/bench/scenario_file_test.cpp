#include "scenario_file.hpp"

#include <algorithm>
#include <filesystem>

#include "drivers/driver.hpp"
#include "loads.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;
using std::chrono::milliseconds;

// "line:column message | help" of all that is wrong with the text.
std::vector<std::string> faults(std::string_view text) {
  Request request;
  std::vector<std::string> out;
  for (const auto& one : read_scenario(text, "mine.toml", request)) {
    out.push_back(std::to_string(one.place.line) + ":" + std::to_string(one.place.column) + " " +
                  one.message + (one.help.empty() ? "" : " | " + one.help));
  }
  return out;
}

TEST_CASE("a scenario fills the request") {
  Request request;
  const auto wrong = read_scenario(R"(name = "prices"
[target]
url = "http://127.0.0.1:9000"
transport = "ws"
header = ["X-A: 1", "X-B: 2"]
insecure = true
[load]
subs = 10_000
rate = 20.5
ephemeral = false
[time]
duration = "1m"
[verdict]
tag.commit = "abc"
[[stage]]
name = "rush"
duration = "10s"
rate = "300%"
ramp = "spike"
[[threshold]]
expr = "lost==0"
stage = "rush"
)",
                                   "mine.toml", request);
  REQUIRE(wrong.empty());
  CHECK(request.plan.name == "prices");
  CHECK(request.plan.target.url == "http://127.0.0.1:9000");
  CHECK(request.plan.target.headers.size() == 2);
  CHECK(request.plan.target.insecure);
  CHECK(request.plan.shape.subscribers == 10'000);
  CHECK(request.plan.shape.rate == 20.5);
  CHECK_FALSE(request.plan.shape.ephemeral);
  CHECK(request.duration == milliseconds(60'000));
  CHECK(request.plan.tags.at("commit") == "abc");
  REQUIRE(request.stages.size() == 1);
  CHECK(request.stages[0].rate.number == 3);
  CHECK(request.stages[0].ramp == Ramp::kSpike);
  REQUIRE(request.thresholds.size() == 1);
  CHECK(request.thresholds[0].stage == "rush");
}

TEST_CASE("stages have a churn and an action, thresholds end a run") {
  const char* text = R"([load]
subs = 10
channels = 10
[trouble]
churn = "4/s"
[[stage]]
duration = "1s"
[[stage]]
duration = "1s"
churn = "300%"
action = "true"
[[stage]]
duration = "1s"
churn = 7
[[threshold]]
expr = "e2e.p99<1s"
abort = true
after = "10s"
)";
  Request request;
  REQUIRE(read_scenario(text, "mine.toml", request).empty());
  REQUIRE(request.thresholds.size() == 1);
  CHECK(request.thresholds[0].abort);
  CHECK(request.thresholds[0].after == milliseconds(10'000));
  CHECK_FALSE(finished(request).has_value());  // nobody allowed the action
  request.allow_hooks = true;
  request.scale = 0.5;
  const auto plan = finished(request);
  REQUIRE(plan.has_value());
  CHECK_FALSE(plan->stages[0].churn.has_value());
  CHECK(plan->stages[1].churn == 6.0);
  CHECK(plan->stages[1].action == "true");
  CHECK(plan->stages[2].churn == 3.5);
}

TEST_CASE("a file cannot allow its own commands") {
  CHECK_FALSE(faults("[verdict]\nallow_hooks = true\n").empty());
  CHECK(faults("[[stage]]\naction = 5.5e1x\n").size() == 1);
  CHECK(faults("[[stage]]\naction = \"\"\n").size() == 1);
  CHECK(faults("[[threshold]]\nexpr = \"lost==0\"\nabort = \"yes\"\nafter = \"soon\"\n").size() == 2);
}

TEST_CASE("everything that is wrong is told at once, where it stands") {
  CHECK(faults(R"([load]
subz = 10
rate = "500/min"
ephemeral = 1
[tagret]
url = "x"
[[stage]]
duraton = "10s"
ramp = "steep"
[[threshold]]
stage = "load"
)") == std::vector<std::string>{
           "2:1 unknown key \"subz\" in [load] | did you mean \"subs\"?",
           "3:8 rate: expected a rate such as 500/s or 10k/s",
           "4:13 ephemeral: expected true or false",
           "5:2 unknown key \"tagret\" | did you mean \"target\"?",
           "8:1 unknown key \"duraton\" in [[stage]] | did you mean \"duration\"?",
           "9:8 ramp: expected linear, step or spike",
           "10:1 a threshold without expr | write expr = \"e2e.p99<20ms\"",
       });
}

TEST_CASE("tables and lists are not mixed up") {
  CHECK(faults("load = 3\n") ==
        std::vector<std::string>{"1:1 \"load\" is a section | write [load] on a line of its own"});
  CHECK(faults("[stage]\nname = \"x\"\n") ==
        std::vector<std::string>{"1:1 \"stage\" is a list of tables | write [[stage]]"});
  CHECK(faults("[load]\nsubs = [1, 2]\n") ==
        std::vector<std::string>{"2:8 subs: expected a number or text in quotes"});
  CHECK(faults("[target]\npublish_over = \"smoke\"\n").size() == 1);
  CHECK(faults("[load\n").size() == 1);
}

TEST_CASE("a ready-made load and its scenario file are the same") {
  for (const ReadyLoad& load : loads()) {
    INFO(load.name);
    const auto ready = request_of(std::string(load.name), {});
    REQUIRE(ready.has_value());
    Request request;
    const std::string text = scenario_text(load);
    CAPTURE(text);
    const auto wrong = read_scenario(text, "it", request);
    REQUIRE(wrong.empty());
    const auto a = finished(*ready);
    const auto b = finished(request);
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    CHECK(a->name == b->name);
    CHECK(a->shape.subscribers == b->shape.subscribers);
    CHECK(a->shape.channels == b->shape.channels);
    CHECK(a->shape.rate == b->shape.rate);
    CHECK(a->shape.size_max == b->shape.size_max);
    CHECK(a->shape.kill_share == b->shape.kill_share);
    CHECK(a->stages[0].duration == b->stages[0].duration);
    CHECK(a->target.transports == b->target.transports);
  }
}

TEST_CASE("flags win over the load, and a load may read a flag its own way") {
  relay::cli::Arguments arguments;
  arguments.add("--rate", "250/s");
  arguments.add("--subs", "10");
  const auto fanout = request_of("fanout", arguments);
  REQUIRE(fanout.has_value());
  CHECK(fanout->plan.shape.rate == 250);
  CHECK(fanout->plan.shape.subscribers == 10);
  const auto connect = request_of("connect", arguments);
  REQUIRE(connect.has_value());
  CHECK(connect->plan.shape.rate == 0);
  CHECK(connect->plan.connect_rate == 250);
  relay::cli::Arguments night;
  night.add("--for", "6h");
  CHECK(request_of("soak", night)->duration == milliseconds(6 * 3'600'000));
}

TEST_CASE("one to one stays one to one, whichever number is given") {
  const auto shape_of = [](const std::string& load, const char* flag) {
    relay::cli::Arguments arguments;
    arguments.add(flag, "50");
    return finished(request_of(load, arguments).value()).value().shape;
  };
  const std::string wallets = RELAY_SOURCE_DIR "/examples/scenarios/wallets.toml";
  for (const std::string& load : {std::string("pairs"), std::string("idle"), wallets}) {
    for (const char* flag : {"--subs", "--channels"}) {
      INFO(load << " " << flag);
      CHECK(shape_of(load, flag).subscribers == 50);
      CHECK(shape_of(load, flag).channels == 50);
    }
  }
  CHECK(shape_of("fanout", "--subs").channels == 10);
}

TEST_CASE("a load that does not exist is no file either") {
  CHECK(request_of("fanuot", {}).error().fix.starts_with("did you mean \"fanout\"?"));
  CHECK(request_of("/nonexistent/load.toml", {}).error().exit == 66);
}

TEST_CASE("the examples are sound") {
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(RELAY_SOURCE_DIR "/examples")) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".toml") continue;
    ++seen;
    INFO(path);
    const auto request = request_of(path, {});
    if (!request) FAIL(request.error().why);
    const auto plan = finished(*request);
    if (!plan) FAIL(plan.error().what);
    CHECK(plan->name == entry.path().stem());
    CHECK_FALSE(request->thresholds.empty());
  }
  CHECK(seen >= 6);
}

}  // namespace
