#include "net/timers.hpp"

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_clock.hpp"

using namespace relay;
using namespace relay::net;

namespace {

struct Node final : TimerNode {
  std::function<void()> action;
  int fired = 0;
  std::int64_t at = 0;
  const test::FakeClock* clock = nullptr;
  void on_timer() override {
    ++fired;
    if (clock != nullptr) at = clock->wall_ms();
    if (action) action();
  }
};

struct Fixture {
  test::FakeClock clock;
  TimerWheel wheel{clock};
  void pass(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      clock.advance(TimerWheel::kTick);
      wheel.advance();
    }
  }
};

}  // namespace

TEST_CASE("A timer fires once, never early, at most a tick late, whatever the delay") {
  Fixture f;
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    Node node;
    node.clock = &f.clock;
    f.clock.advance(Milliseconds(random() % 100));  // somewhere inside a tick
    const auto delay = Milliseconds(1 + random() % 250'000);
    const std::int64_t due = f.clock.wall_ms() + delay.count();
    f.wheel.schedule(node, delay);
    f.pass(static_cast<int>(delay / TimerWheel::kTick) + 3);
    REQUIRE(node.fired == 1);
    REQUIRE(node.at >= due);
    REQUIRE(node.at <= due + 2 * TimerWheel::kTick.count());
    REQUIRE_FALSE(node.scheduled());
  }
}

TEST_CASE("Cancelled, moved or destroyed timers do not fire") {
  Fixture f;
  Node cancelled;
  Node moved;
  f.wheel.schedule(cancelled, Milliseconds(100));
  f.wheel.schedule(moved, Milliseconds(100));
  {
    Node destroyed;
    f.wheel.schedule(destroyed, Milliseconds(100));
  }
  TimerWheel::cancel(cancelled);
  f.wheel.schedule(moved, Milliseconds(1000));
  f.pass(5);
  CHECK(cancelled.fired == 0);
  CHECK(moved.fired == 0);
  f.pass(10);
  CHECK(moved.fired == 1);
}

TEST_CASE("on_timer may schedule itself and others, cancel and destroy others") {
  Fixture f;
  Node periodic;
  periodic.action = [&] { f.wheel.schedule(periodic, TimerWheel::kTick); };
  auto victim = std::make_unique<Node>();
  Node killer;
  killer.action = [&] { victim.reset(); };
  f.wheel.schedule(periodic, TimerWheel::kTick);
  f.wheel.schedule(killer, Milliseconds(300));
  f.wheel.schedule(*victim, Milliseconds(300));
  f.pass(20);
  CHECK(periodic.fired == 20);
  CHECK(killer.fired == 1);
  CHECK(victim == nullptr);
}

TEST_CASE("Timers of many rounds of the wheel wait for theirs") {
  Fixture f;
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 1; i <= 5000; ++i) {
    nodes.push_back(std::make_unique<Node>());
    f.wheel.schedule(*nodes.back(), TimerWheel::kTick * i);
  }
  for (int i = 1; i <= 5000; ++i) {
    f.pass(1);
    REQUIRE(nodes[static_cast<std::size_t>(i - 1)]->fired == 1);
    if (i < 5000) REQUIRE(nodes[static_cast<std::size_t>(i)]->fired == 0);
  }
}
