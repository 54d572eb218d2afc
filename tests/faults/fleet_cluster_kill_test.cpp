// A master of a Redis Cluster is killed under a fleet and its replica promoted. Streams stay open and are
// whole within a second of the new master's answers. What Redis had acknowledged and lost is counted, and its
// streams are told; with redis.min_replicas = 1 there is none.
#include "fleet.hpp"

#include <iostream>

#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/storage_under_test.hpp"

using namespace relay;
using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

std::size_t kill_a_master(const char* what, const Settings& more) {
  RedisCluster cluster;
  Settings settings = redis_settings(cluster);
  settings.insert(more.begin(), more.end());
  Fleet fleet({.settings = settings, .partition_of = cluster_partition_of, .forgetful_store = true});
  fleet.begin();
  cluster.node(0).kill();
  fleet.clients().run_until([&] {  // clients go on meanwhile
    return cluster.node(3).command({"ROLE"}).starts_with("master");
  });
  cluster.await_master(3, 1);
  const milliseconds whole = fleet.time_until_ready();
  fleet.clients().run_for(1s);
  fleet.end_load();
  const std::size_t forgotten = fleet.find_forgotten();
  if (forgotten > 0) CHECK(fleet.clients().clients_with_gaps() > 0);
  fleet.judge(what, {.allowed = {.gaps = true}, .whole = whole});
  std::cout << what << ": Redis lost " << forgotten << " acknowledged messages; data losses noticed: "
            << fleet.metric("relayd_storage_data_losses_total") << '\n';
  return forgotten;
}

}  // namespace

TEST_CASE("kill -9 of a master, its replica promoted") {
  kill_a_master("a master killed", {});
}

TEST_CASE("kill -9 of a master with min_replicas = 1") {
  CHECK(kill_a_master("a master killed, min_replicas 1", {{"redis.min_replicas", "1"}}) == 0);
}
