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

Threshold aborting(const char* text, const char* stage = "", std::int64_t after_ns = 0) {
  Threshold threshold = parse_threshold(text, stage).value();
  threshold.aborts = true;
  threshold.after_ns = after_ns;
  return threshold;
}

// An interval of the stage "load", at the tenth second, with these figures.
struct Happening {
  Happening() { figures.duration_ns = 1'000'000'000; }
  bool ends(AbortWatch& watch, const char* stage = "load") {
    Moment moment = rushing();
    moment.stage = stage;
    moment.at = 10s;
    moment.figures = &figures;
    moment.interval = &interval;
    return watch.exceeded(moment);
  }
  Figures figures;
  IntervalTally interval;
};

Happening with_latency(std::int64_t ns) {
  Happening one;
  one.figures[Latency::kEndToEnd].record(ns);
  return one;
}

TEST_CASE("a latency out of reach ends the run after three intervals") {
  AbortWatch watch(std::vector{aborting("e2e.p99<1ms", "load")});
  Happening slow = with_latency(2'000'000);
  CHECK_FALSE(slow.ends(watch));
  CHECK_FALSE(slow.ends(watch));
  CHECK(slow.ends(watch));
}

TEST_CASE("one good interval begins the count anew, other stages do not count") {
  AbortWatch watch(std::vector{aborting("e2e.p99<1ms", "load")});
  Happening slow = with_latency(2'000'000);
  Happening good = with_latency(500'000);
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(slow.ends(watch));
    CHECK_FALSE(slow.ends(watch, "rush"));
    CHECK_FALSE(slow.ends(watch));
    CHECK_FALSE(good.ends(watch));
  }
}

TEST_CASE("what can only grow ends the run at once, when it is too much") {
  Happening twice;
  twice.interval.delivery.duplicate = 2;
  for (const auto& [text, over] : {std::pair{"dup==0", true},
                                   {"duplicate<=2", false},
                                   {"duplicate<2", true},
                                   {"duplicate==3", false},
                                   {"corrupt==0", false}}) {
    INFO(text);
    AbortWatch watch(std::vector{aborting(text)});
    CHECK(twice.ends(watch) == over);
  }
  Happening once = with_latency(30'000'000);
  AbortWatch most(std::vector{aborting("e2e.max<20ms")});
  CHECK(once.ends(most));
  Happening refused;
  refused.figures.publish_errors = 1;
  AbortWatch errors(std::vector{aborting("publish.errors==0")});
  CHECK(refused.ends(errors));
}

TEST_CASE("a rate below what the schedule asks for ends the run after three intervals") {
  Happening thin;
  thin.figures.delivered = 10;
  thin.figures.target_delivery_rate = 100;
  AbortWatch watch(std::vector{aborting("delivered.rate>=0.9*target")});
  CHECK_FALSE(thin.ends(watch));
  CHECK_FALSE(thin.ends(watch));
  CHECK(thin.ends(watch));
}

TEST_CASE("after: what comes before is not looked at; thresholds that do not abort never are") {
  Happening slow = with_latency(2'000'000'000);
  AbortWatch early(std::vector{aborting("e2e.max<1s", "", 11'000'000'000)});
  CHECK_FALSE(slow.ends(early));
  AbortWatch late(std::vector{aborting("e2e.max<1s", "", 10'000'000'000)});
  CHECK(slow.ends(late));
  AbortWatch silent(std::vector{parse_threshold("e2e.max<1s").value()});
  CHECK_FALSE(slow.ends(silent));
}

TEST_CASE("what is known at the end only cannot end a run") {
  for (const char* text :
       {"lost==0", "server.cpu<1", "duration>1s", "publish.error_rate<1%", "silence.max<1s", "errors==0",
        "duplicate>1", "connect.rate>1/s", "e2e.count>5", "replay.p50<1s"}) {
    INFO(text);
    CHECK_FALSE(AbortWatch::can_watch(parse_threshold(text).value()));
  }
  for (const char* text : {"e2e.p50>1ms", "connect.p99<1s", "generator.lag_p99<1ms", "late==0"}) {
    INFO(text);
    CHECK(AbortWatch::can_watch(parse_threshold(text).value()));
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
