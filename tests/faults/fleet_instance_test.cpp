// One relayd of a fleet is killed under load, then a second: its clients go on at the others, nothing lost
// and nothing doubled; what it left in the registry goes within the configured time, and presence is right.
// One that was only frozen comes back to both.
#include "fleet.hpp"

#include <csignal>
#include <iostream>

#include "support/catch.hpp"
#include "support/redis_server.hpp"
#include "support/storage_under_test.hpp"

using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds kHeartbeat{500};
constexpr milliseconds kDeadAfter{3000};
constexpr milliseconds kSweep{1000};  // promise 7: gone within dead_after and one sweep

struct Scene {
  RedisServer redis;
  Fleet fleet{{.settings = with_registry(redis_settings(redis))}};

  static Settings with_registry(Settings settings) {
    settings["instance.heartbeat_interval"] = std::to_string(kHeartbeat.count()) + "ms";
    settings["instance.dead_after"] = std::to_string(kDeadAfter.count()) + "ms";
    return settings;
  }

  // Keys and members in Redis that are of this instance.
  std::size_t left_by(const std::string& instance) {
    std::size_t left = redis.command({"ZSCORE", "relay:instances", instance}) == "(nil)" ? 0 : 1;
    left += redis.command({"EXISTS", "relay:instance:" + instance, "relay:held:" + instance}) == "0" ? 0 : 1;
    for (int c = 0; c < Fleet::kChannels; ++c) {
      for (const std::string& member : redis.list({"SMEMBERS", "relay:subs:fleet-" + std::to_string(c)})) {
        left += member.starts_with(instance + ":") ? 1 : 0;
      }
    }
    return left;
  }

  void kill_and_check(std::size_t victim) {
    const std::string instance = "fleet-" + std::to_string(victim);
    CHECK(left_by(instance) > 100);  // its clients' channels
    const std::size_t before = fleet.clients().disconnects();
    fleet.kill_relayd(victim);
    const auto killed = Clock::now();
    REQUIRE(fleet.clients().run_until(
        [&] { return fleet.clients().disconnects() > before + 30 && fleet.clients().all_subscribed(); }));
    fleet.time_until_whole();
    fleet.clients().run_until([&] { return Clock::now() - killed > kDeadAfter; });
    REQUIRE(fleet.clients().run_until([&] { return left_by(instance) == 0; }));
    const auto gone = std::chrono::duration_cast<milliseconds>(Clock::now() - killed);
    CHECK(gone <= kDeadAfter + kSweep + kMachineSlack);
    CHECK(fleet.await_right_presence() == "");
    std::cout << instance << " killed: nothing of it in the registry after " << gone.count() << " ms\n";
  }
};

}  // namespace

TEST_CASE("A relayd frozen until it was purged comes back with its clients") {
  constexpr milliseconds kFrozen{6000};
  Scene scene;
  scene.fleet.begin();
  scene.fleet.relayd(1).process().signal(SIGSTOP);
  const auto frozen = Clock::now();
  bool purged = false;
  scene.fleet.clients().run_until([&] {
    purged = purged || scene.left_by("fleet-1") == 0;
    return Clock::now() - frozen > kFrozen;
  });
  CHECK(purged);
  scene.fleet.relayd(1).process().signal(SIGCONT);
  const milliseconds whole = scene.fleet.time_until_whole();
  CHECK(scene.fleet.await_right_presence() == "");
  CHECK(scene.left_by("fleet-1") > 100);
  scene.fleet.judge("relayd frozen 6 s", {.whole = whole, .answers_within = kFrozen + kPublishTimeout});
}

TEST_CASE("kill -9 of one relayd of three, then of a second") {
  Scene scene;
  scene.fleet.begin();
  CHECK(scene.fleet.await_right_presence() == "");
  scene.kill_and_check(0);
  scene.kill_and_check(2);
  scene.fleet.judge("relayd killed, twice", {.disconnects = true});
}
