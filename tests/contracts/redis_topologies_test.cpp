// The contract on a Redis Cluster, with one partition and with many, and on a master that Sentinel names. One
// cluster serves all sections: each has a prefix of its own.
#include "contracts/redis_backend.hpp"

#include "storage/redis/slots.hpp"
#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_sentinels.hpp"

namespace relay::test {
namespace {

class ClusterBackend final : public Backend {
 public:
  ClusterBackend(RedisCluster& cluster, std::uint32_t partitions)
      : cluster_(cluster), settings_(cluster.settings()) {
    static int count = 0;
    settings_.partitions = partitions;
    settings_.prefix = "relay" + std::to_string(count++);
  }
  MakeStorage maker() override { return redis_maker(settings_); }
  void set_clock_back(Milliseconds by) override {
    const std::uint32_t partition = redis::partition_of("room:1", settings_.partitions);
    const redis::Keyspace keys(settings_.prefix, redis::partition_tags(settings_.partitions)[partition]);
    RedisServer& master = cluster_.node(cluster_.master_of(keys.seq()));
    master.command({"INCRBY", keys.seq(), std::to_string(first_id_at(by.count()))});
  }

 private:
  RedisCluster& cluster_;
  redis::RedisSettings settings_;
};

class SentinelBackend final : public Backend {
 public:
  explicit SentinelBackend(RedisSentinels& sentinels)
      : sentinels_(sentinels), settings_(sentinels.settings()) {
    static int count = 0;
    settings_.prefix = "relay" + std::to_string(count++);
    settings_.min_replicas = 1;
  }
  MakeStorage maker() override { return redis_maker(settings_); }
  void set_clock_back(Milliseconds by) override {
    sentinels_.node(0).command(
        {"INCRBY", settings_.prefix + ":seq", std::to_string(first_id_at(by.count()))});
  }

 private:
  RedisSentinels& sentinels_;
  redis::RedisSettings settings_;
};

// Nobody fails in it: a machine that starves it of time shall not make a failover of that.
RedisCluster& shared_cluster() {
  static RedisCluster cluster({.node_timeout = std::chrono::seconds(15)});
  return cluster;
}

TEST_CASE("a Redis Cluster of one partition keeps the storage contract") {
  check_storage_contract([] { return std::make_unique<ClusterBackend>(shared_cluster(), 1); });
}

TEST_CASE("a Redis Cluster of many partitions keeps the storage contract") {
  check_storage_contract([] { return std::make_unique<ClusterBackend>(shared_cluster(), 64); });
}

TEST_CASE("a master that Sentinel names keeps the storage contract, replicas waited for") {
  static RedisSentinels sentinels;
  check_storage_contract([] { return std::make_unique<SentinelBackend>(sentinels); });
}

}  // namespace
}  // namespace relay::test
