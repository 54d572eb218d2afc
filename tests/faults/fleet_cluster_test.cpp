// A fleet on a Redis Cluster of three masters and three replicas: a relayd is killed, masters hand over,
// slots move. All clients go on, across all partitions, with nothing lost and nothing doubled.
#include "fleet.hpp"

#include "storage/redis/slots.hpp"
#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/storage_under_test.hpp"

using namespace relay;
using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr milliseconds kDeadAfter{3000};

Settings beating(Settings settings) {
  settings["instance.heartbeat_interval"] = "500ms";
  settings["instance.dead_after"] = std::to_string(kDeadAfter.count()) + "ms";
  return settings;
}

struct Scene {
  RedisCluster cluster;
  Fleet fleet{{.settings = beating(redis_settings(cluster)), .partition_of = cluster_partition_of}};
  Scene() { fleet.begin(); }
};

// The keys of a partition carry its tag.
std::string key_of(const std::string& tag) {
  return "relay:{" + tag + "}:seq";
}

}  // namespace

TEST_CASE("kill -9 of one relayd of three on a cluster") {
  Scene scene;
  CHECK(scene.fleet.await_right_presence() == "");
  scene.fleet.kill_relayd(1);
  const auto killed = SteadyClock::now();
  REQUIRE(scene.fleet.clients().run_until(
      [&] { return scene.fleet.clients().disconnects() > 30 && scene.fleet.clients().all_subscribed(); }));
  scene.fleet.time_until_whole();
  scene.fleet.clients().run_until([&] { return SteadyClock::now() - killed > kDeadAfter; });
  CHECK(scene.fleet.await_right_presence() == "");
  scene.fleet.judge("cluster: relayd killed", {.disconnects = true});
}

TEST_CASE("CLUSTER FAILOVER of every master") {
  Scene scene;
  milliseconds slowest{0};
  for (std::size_t master = 0; master < scene.cluster.masters(); ++master) {
    const std::size_t replica = master + scene.cluster.masters();
    scene.cluster.fail_over(replica, (master + 1) % scene.cluster.masters());
    slowest = std::max(slowest, scene.fleet.time_until_whole());
    scene.fleet.clients().run_for(300ms);
  }
  scene.fleet.judge("CLUSTER FAILOVER, three times", {.whole = slowest});
}

TEST_CASE("A range of slots is moved, and moved back") {
  Scene scene;
  const std::vector<std::string> tags = redis::partition_tags(kPartitions);
  milliseconds slowest{0};
  for (const bool back : {false, true}) {
    // The partitions of the first master's upper half of slots.
    for (std::size_t i = 11; i < 21; ++i) {
      const std::uint32_t slot = redis::slot_of(key_of(tags[i]));
      const std::size_t from = back ? 1 : 0;
      REQUIRE(scene.cluster.master_of(key_of(tags[i]), from) == from);
      scene.cluster.move_slot(slot, from, 1 - from);
      scene.fleet.clients().run_for(20ms);
    }
    slowest = std::max(slowest, scene.fleet.time_until_whole());
    scene.fleet.clients().run_for(500ms);
  }
  scene.fleet.judge("ten partitions moved, and back", {.whole = slowest});
}
