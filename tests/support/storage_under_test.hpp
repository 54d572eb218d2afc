// The storage that a path test runs relayd on: $RELAY_TEST_STORAGE is "memory" (the default) or "redis",
// which starts a redis-server of its own that can be killed, frozen and brought back. One test thread.
#pragma once

#include <memory>

#include "support/redis_cluster.hpp"
#include "support/redis_sentinels.hpp"
#include "support/redis_server.hpp"
#include "support/relayd_process.hpp"

namespace relay::test {

class StorageUnderTest {
 public:
  StorageUnderTest();
  bool is_redis() const { return redis_ != nullptr; }
  RedisServer& redis() { return *redis_; }  // REQUIRES: is_redis()
  // For a relayd on it. Settings given win.
  Settings settings(Settings more = {}) const;

 private:
  std::unique_ptr<RedisServer> redis_;
};

// For a relayd on this server, cluster, or whoever these sentinels watch over.
Settings redis_settings(const RedisServer& server);
Settings redis_settings(const RedisCluster& cluster);
Settings redis_settings(const RedisSentinels& sentinels);

}  // namespace relay::test
