// The links of a fleet to the masters of a Redis Cluster are cut, overrun and frozen: nobody is disconnected,
// nothing is lost, nothing is doubled.
#include "fleet.hpp"

#include "storage/redis/slots.hpp"
#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/storage_under_test.hpp"

using namespace relay;
using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

struct Scene {
  RedisCluster cluster{{.node_timeout = 20s}};  // no silence here is long enough for a promotion
  Fleet fleet{{.settings = redis_settings(cluster), .partition_of = cluster_partition_of}};
  milliseconds slowest{0};
  Scene() { fleet.begin(); }

  void await_whole() {
    slowest = std::max(slowest, fleet.time_until_whole());
    fleet.clients().run_for(300ms);
  }
};

}  // namespace

TEST_CASE("Pub/sub links of a cluster are killed, clients paused, output buffers overrun") {
  Scene scene;
  const auto all_masters = [&](std::initializer_list<std::string_view> words) {
    for (std::size_t i = 0; i < scene.cluster.masters(); ++i) {
      REQUIRE_FALSE(scene.cluster.node(i).command(words).starts_with('-'));
    }
  };
  for (int i = 0; i < 3; ++i) {
    all_masters({"CLIENT", "KILL", "TYPE", "pubsub"});
    scene.await_whole();
  }
  REQUIRE(scene.cluster.node(1).command({"CLIENT", "PAUSE", "3000", "ALL"}) == "OK");
  scene.fleet.clients().run_for(3s);
  scene.await_whole();

  // One message longer than the limit ends every link that is to get it (see fleet_redis_test.cpp).
  const std::string channel = "fleet-7";
  const std::string tag = redis::partition_tags(kPartitions).at(cluster_partition_of(channel));
  RedisServer& node = scene.cluster.node(scene.cluster.master_of("relay:{" + tag + "}:seq"));
  const std::string key = "client-output-buffer-limit";
  const std::string usual = node.list({"CONFIG", "GET", key}).at(1);
  const double before = scene.fleet.metric("relayd_storage_reconnects_total");
  REQUIRE(node.command({"CONFIG", "SET", key, "pubsub 20kb 0 0"}) == "OK");
  scene.fleet.publish(0, channel, channel + " long/" + std::string(60'000, 'x'));
  REQUIRE(scene.fleet.clients().run_until(
      [&] { return scene.fleet.metric("relayd_storage_reconnects_total") > before; }));
  REQUIRE(node.command({"CONFIG", "SET", key, usual}) == "OK");
  scene.await_whole();
  scene.fleet.judge("cluster: links killed, paused, overrun", {.whole = scene.slowest});
}

TEST_CASE("A master of a cluster is frozen for 5 s") {
  Scene scene;
  scene.cluster.node(0).freeze();
  scene.fleet.clients().run_for(5s);
  scene.cluster.node(0).thaw();
  scene.await_whole();
  scene.fleet.judge("cluster: a master frozen 5 s", {.whole = scene.slowest});
}
