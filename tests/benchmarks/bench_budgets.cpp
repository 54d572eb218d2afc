// The budgets in their short form: relayd beside a bare send loop, or beside itself, in turn and in one run.
//
//   bench_budgets NAME [--rounds 3] [--percent 100]
//
// Each round takes both sides under the same load, so that the rest of the machine meets both; what counts is
// the median of the rounds' ratios. --percent makes the loads larger or smaller. The bounds are far above the
// budgets of docs/performance.md: they say that something broke, not that the machine was busy. A run that
// loses, repeats, reorders or spoils a message fails whatever it costs.
#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string>

#include "bench_support.hpp"
#include "load/engine.hpp"
#include "load/floor.hpp"
#include "report/measure.hpp"
#include "report/verdict.hpp"

namespace {

using namespace bench;
using relay::bench::Plan;
using relay::bench::RunResult;
using std::chrono::milliseconds;

class Silent : public relay::bench::Progress {
 public:
  void on_moment(const relay::bench::Moment&) override {}
};

Plan plan_of(const char* name) {
  Plan plan;
  plan.name = name;
  plan.stages[0].duration = milliseconds(1'000);
  plan.warmup = milliseconds(500);
  plan.grace = milliseconds(5'000);
  return plan;
}

const RunResult& whole(const relay::Result<RunResult>& result) {
  if (!result) fatal(result.error().message);
  const auto broken = broken_promise(result->delivery, relay::bench::DeliveryMode::kOrdered);
  if (!broken.empty()) fatal("delivery is broken: " + broken);
  return *result;
}

double value(const RunResult& result, const char* measure) {
  const auto found = relay::bench::find_measure(measure).value().of(result);
  if (!found) fatal(std::string("not measured: ") + measure);
  return *found;
}

double on_floor(const Plan& plan, const char* measure) {
  Silent silent;
  return value(whole(run_floor(plan, silent)), measure);
}

double on_relayd(Plan plan, const char* measure, const std::vector<std::string>& arguments = {}) {
  const Relayd relayd(arguments);
  plan.target.url = "http://127.0.0.1:" + std::to_string(relayd.port());
  plan.server.pid = relayd.pid();
  Silent silent;
  return value(whole(run(plan, silent)), measure);
}

// One round: what is judged, and what it is set against.
struct Pair {
  double judged;
  double against;
};

std::uint32_t scaled(int number, int percent) {
  return static_cast<std::uint32_t>(std::max(1, number * percent / 100));
}

Pair fan_out(int subscribers, double rate, std::uint32_t publishers,
             const std::vector<std::string>& arguments = {}) {
  Plan plan = plan_of("fanout");
  plan.shape.subscribers = static_cast<std::uint32_t>(subscribers);
  plan.shape.publishers = publishers;
  plan.shape.rate = rate;
  const double floor = on_floor(plan, "server.cpu_per_delivery");
  return {on_relayd(plan, "server.cpu_per_delivery", arguments), floor};
}

Pair low_rate(int percent) {
  return fan_out(static_cast<int>(scaled(300, percent)), 40, 1);
}
Pair high_rate(int percent) {
  return fan_out(static_cast<int>(scaled(100, percent)), 1'000, 16, {"--set", "client.flush_interval=5ms"});
}

Pair one_to_one(int percent) {
  Plan plan = plan_of("pairs");
  plan.shape.subscribers = plan.shape.channels = scaled(300, percent);
  plan.shape.publishers = 16;
  plan.shape.closed = true;
  const double floor = on_floor(plan, "published.rate");
  return {on_relayd(plan, "published.rate"), floor};
}

// Bytes of a relayd with nothing but `streams` idle ones.
double idle_bytes(std::uint32_t streams) {
  Plan plan = plan_of("idle");
  plan.shape.subscribers = plan.shape.channels = streams;
  plan.shape.hex_channels = true;
  return on_relayd(plan, "server.bytes_per_client") * streams;
}

// The marginal cost, so that what the first ones pay for everybody does not count, against one KiB.
Pair idle_memory(int percent) {
  const std::uint32_t many = scaled(3'000, percent);
  const std::uint32_t few = std::max(1U, many / 10);
  const double bytes = idle_bytes(many) - idle_bytes(few);
  return {bytes / (many - few), 1'024};
}

// All cut off at once: to be caught up again, beside how long the first connecting took.
Pair resume_storm(int percent) {
  Plan plan = plan_of("reconnect");
  plan.shape.subscribers = scaled(500, percent);
  plan.shape.publishers = 1;
  plan.shape.rate = 40;
  plan.stages[0].duration = milliseconds(2'000);
  plan.shape.kill_share = 1;
  plan.shape.kill_every = milliseconds(1'000);
  plan.shape.reconnect_after = milliseconds(250);
  Silent silent;
  const Relayd relayd;
  plan.target.url = "http://127.0.0.1:" + std::to_string(relayd.port());
  const auto result = run(plan, silent);
  return {value(whole(result), "replay.p99"), value(*result, "connect.p99")};
}

// Twenty times as many subscribers of a channel on which as much is said. Each stream hears as often in both:
// a connection that was written to a moment ago costs half of one that was not.
Pair growth(int percent) {
  Plan plan = plan_of("growth");
  plan.shape.publishers = 1;
  plan.shape.subscribers = scaled(100, percent);
  plan.shape.rate = 10;
  const double few = on_relayd(plan, "server.cpu_per_delivery");
  plan.shape.subscribers *= 20;
  return {on_relayd(plan, "server.cpu_per_delivery"), few};
}

struct Budget {
  const char* name;
  const char* words;
  Pair (*round)(int percent);
  double bound;
  bool at_least;  // the ratio must be at least the bound; else at most
};
constexpr std::array<Budget, 6> kBudgets{{
    {"b1", "300 subscribers, 40/s: processor per delivery, relayd to floor", low_rate, 2, false},
    {"b2", "100 subscribers, 1,000/s from 16: processor per delivery, relayd to floor", high_rate, 1, false},
    {"b3", "300 pairs, closed, 16 publishers: messages a second, relayd to floor", one_to_one, 0.2, true},
    {"b4", "3,000 idle streams of 64-hex channels: marginal bytes to 1 KiB", idle_memory, 2, false},
    {"b7", "500 cut off at once: replay p99 to connect p99", resume_storm, 10, false},
    {"b9", "100 and 2,000 subscribers, 10/s: processor per delivery, many to few", growth, 1.5, false},
}};

const Budget& budget_named(const char* name) {
  for (const Budget& budget : kBudgets)
    if (std::strcmp(budget.name, name) == 0) return budget;
  std::string names;
  for (const Budget& budget : kBudgets) names += std::string(" ") + budget.name;
  fatal("no such budget; there are" + names);
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  const Budget& budget = budget_named(argc > 1 ? argv[1] : "");
  const int percent = argument(argc, argv, "--percent", 100);
  std::printf("%s  %s\n", budget.name, budget.words);
  std::vector<double> ratios;
  for (int i = 0; i < argument(argc, argv, "--rounds", 3); ++i) {
    const Pair pair = budget.round(percent);
    ratios.push_back(pair.judged / pair.against);
    std::printf("round %d   %12.1f to %12.1f   ratio %.3f\n", i + 1, pair.judged, pair.against,
                ratios.back());
    std::fflush(stdout);
  }
  const double middle = median(ratios);
  std::printf("median %.3f, from %.3f to %.3f; must be at %s %.1f\n", middle,
              *std::min_element(ratios.begin(), ratios.end()),
              *std::max_element(ratios.begin(), ratios.end()), budget.at_least ? "least" : "most",
              budget.bound);
  return (budget.at_least ? middle >= budget.bound : middle <= budget.bound) ? 0 : 1;
}
