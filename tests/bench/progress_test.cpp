#include "progress.hpp"

#include "abort_watch.hpp"
#include "search_steps.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;
using namespace std::chrono_literals;

Moment rushing() {
  Moment moment;
  moment.phase = Phase::kStage;
  moment.stage = "load";
  moment.elapsed = 15s;
  moment.length = 30s;
  moment.clients = 1000;
  moment.wanted = 1000;
  moment.in_rate = 500;
  moment.out_rate = 50'000;
  moment.p99 = 1'930us;
  moment.lag = 20us;
  return moment;
}

TEST_CASE("the line says how far and how fast") {
  CHECK(bar_line(rushing(), 200) ==
        "[===============>              ] load 15s/30s   in 500/s   out 50.0k/s   p99 1.93ms   missing 0   "
        "gen lag "
        "20.0us");
  CHECK(plain_line(rushing()) ==
        "load 15s/30s: 1,000 clients, in 500/s, out 50.0k/s, p99 1.93ms, missing 0, gen lag 20.0us");
  CHECK(bar_line(rushing(), 40).size() <= 42);  // "…" has three bytes and one column
}

TEST_CASE("while clients connect, they are what counts") {
  Moment moment;
  moment.clients = 250;
  moment.wanted = 1000;
  moment.elapsed = 2s;
  CHECK(plain_line(moment) == "setup 2s: 250 of 1,000 clients");
  CHECK(bar_line(moment, 200).starts_with("[=======>"));
}

TEST_CASE("the heading names load, target and seed") {
  Plan plan;
  plan.target.url = "http://127.0.0.1:8081";
  plan.shape = {.subscribers = 1000, .channels = 10, .publishers = 4, .rate = 500};
  CHECK(heading(plan) ==
        "fanout  relay  sse  127.0.0.1:8081   1,000 subs x 10 channels, open 500/s, 30 s after 5 s warm-up   "
        "seed 42");
  plan.shape.closed = true;
  plan.warmup = 0ms;
  CHECK(heading(plan).find("closed loop of 4 publishers, 30 s   seed") != std::string::npos);
}

TEST_CASE("a latency out of reach ends the run after three intervals") {
  const std::vector<Threshold> thresholds{parse_threshold("e2e.p99<1ms", "load").value()};
  AbortWatch watch(thresholds);
  CHECK_FALSE(watch.exceeded(rushing()));
  CHECK_FALSE(watch.exceeded(rushing()));
  CHECK(watch.exceeded(rushing()));
}

TEST_CASE("one good interval begins the count anew, other stages do not count") {
  const std::vector<Threshold> thresholds{parse_threshold("e2e.p99<1ms", "load").value()};
  AbortWatch watch(thresholds);
  Moment good = rushing();
  good.p99 = 500us;
  Moment elsewhere = rushing();
  elsewhere.stage = "rush";
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(watch.exceeded(rushing()));
    CHECK_FALSE(watch.exceeded(elsewhere));
    CHECK_FALSE(watch.exceeded(rushing()));
    CHECK_FALSE(watch.exceeded(good));
  }
}

// Searches for `limit` and gives the answer and the number of tries.
std::pair<double, int> search_for(double limit, double start, double precision) {
  SearchSteps steps(start, 1.5, precision);
  int tries = 0;
  for (; !steps.done(); ++tries) steps.tried(steps.next() <= limit);
  return {steps.best().value_or(0), tries};
}

TEST_CASE("a search comes as near as it was asked to, from below and from above") {
  for (const double start : {100.0, 1000.0, 50'000.0}) {
    INFO(start);
    const auto [best, tries] = search_for(12'345, start, 0.05);
    CHECK(best <= 12'345);
    CHECK(best * 1.05 >= 12'345 * 0.999);
    CHECK(tries <= SearchSteps::kMostTries);
  }
}

TEST_CASE("a search ends when nothing is good, or everything") {
  CHECK(search_for(0, 1000, 0.05).first == 0);
  CHECK(search_for(1e300, 1000, 0.05).second == SearchSteps::kMostTries);
}

}  // namespace
