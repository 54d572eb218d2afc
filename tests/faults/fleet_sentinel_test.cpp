// A fleet on a master that three sentinels watch over: an operator hands over, then the master is killed.
// Streams stay open and are whole within a second of the new master's answers; what Redis had acknowledged
// and lost is counted.
#include "fleet.hpp"

#include <iostream>

#include "support/catch.hpp"
#include "support/redis_sentinels.hpp"
#include "support/storage_under_test.hpp"

using namespace relay;
using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

struct Scene {
  explicit Scene(const Settings& more = {}) : fleet({.settings = with(more), .forgetful_store = true}) {
    fleet.begin();
  }

  Settings with(Settings more) const {
    more.merge(redis_settings(sentinels));
    return more;
  }

  // How long after the sentinels name another master all streams are whole on it.
  milliseconds time_on_other_master() { return time_on(sentinels.await_other_master(0)); }
  milliseconds time_on(std::size_t master) {
    return fleet.time_until_ready("127.0.0.1:" + std::to_string(sentinels.node(master).port()));
  }

  // Streams keep what they have of messages that the new master never got.
  std::size_t judge(const char* what, milliseconds whole, bool reconnects = false) {
    fleet.clients().run_for(1s);
    fleet.end_load();
    const std::size_t forgotten = fleet.find_forgotten();
    if (forgotten > 0) CHECK(fleet.clients().clients_with_gaps() > 0);
    fleet.judge(what, {.allowed = {.gaps = true, .repeats_after_gaps = reconnects},
                       .disconnects = reconnects,
                       .whole = whole});
    std::cout << what << ": Redis lost " << forgotten << " acknowledged messages; data losses noticed: "
              << fleet.metric("relayd_storage_data_losses_total") << '\n';
    return forgotten;
  }

  RedisSentinels sentinels;
  Fleet fleet;
};

}  // namespace

TEST_CASE("SENTINEL FAILOVER") {
  Scene scene;
  scene.sentinels.command_failover();
  scene.judge("SENTINEL FAILOVER", scene.time_on_other_master());
}

// Its clients come to the others with cursors of the old master, or of the new one before the loss was
// noticed.
TEST_CASE("SENTINEL FAILOVER, and a relayd dies with it") {
  Scene scene;
  scene.sentinels.command_failover();
  const std::size_t master = scene.sentinels.await_other_master(0);
  scene.fleet.kill_relayd(0);
  const milliseconds whole = scene.time_on(master);
  REQUIRE(scene.fleet.clients().run_until([&] { return scene.fleet.clients().all_subscribed(); }));
  scene.judge("SENTINEL FAILOVER, relayd killed", whole, true);
  CHECK(scene.fleet.clients().disconnects() > 30);
}

// With its only replica promoted there is none to acknowledge: publishes are refused in time from then on.
TEST_CASE("kill -9 of a master that sentinels watch over, with min_replicas = 1") {
  Scene scene(Settings{{"redis.min_replicas", "1"}});
  scene.sentinels.node(0).kill();
  CHECK(scene.judge("master of sentinels killed, min_replicas 1", scene.time_on_other_master()) == 0);
}
