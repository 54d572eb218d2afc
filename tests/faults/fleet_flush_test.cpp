// The data of a fleet's store is lost: every stream is told so with a gap, and goes on; presence comes back.
#include "fleet.hpp"

#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_server.hpp"
#include "support/storage_under_test.hpp"

using namespace relay;
using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

Settings beating(Settings settings) {
  settings["instance.heartbeat_interval"] = "500ms";
  settings["instance.dead_after"] = "3s";
  return settings;
}

// No message that was acknowledged is lost: what was stored before had been announced.
void await_and_judge(Fleet& fleet, const char* what) {
  CHECK(
      fleet.clients().run_until([&] { return fleet.clients().clients_with_gaps() == Fleet::kClients; }, 10s));
  const milliseconds whole = fleet.time_until_whole();
  fleet.clients().run_for(1s);
  CHECK(fleet.await_right_presence(10s) == "");
  fleet.judge(what, {.allowed = {.gaps = true}, .whole = whole});
}

}  // namespace

TEST_CASE("FLUSHALL under a fleet") {
  RedisServer redis;
  Fleet fleet({.settings = beating(redis_settings(redis))});
  fleet.begin();
  REQUIRE(redis.command({"FLUSHALL"}) == "OK");
  await_and_judge(fleet, "FLUSHALL");
}

TEST_CASE("FLUSHALL of every master of a cluster") {
  RedisCluster cluster;
  Fleet fleet({.settings = beating(redis_settings(cluster)), .partition_of = cluster_partition_of});
  fleet.begin();
  for (std::size_t i = 0; i < cluster.masters(); ++i) REQUIRE(cluster.node(i).command({"FLUSHALL"}) == "OK");
  await_and_judge(fleet, "FLUSHALL of a cluster");
}
