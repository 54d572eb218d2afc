#include "support/storage_under_test.hpp"

#include <cstdlib>
#include <string_view>

namespace relay::test {

StorageUnderTest::StorageUnderTest() {
  const char* name = std::getenv("RELAY_TEST_STORAGE");
  if (name != nullptr && std::string_view(name) == "redis") redis_ = std::make_unique<RedisServer>();
}

Settings StorageUnderTest::settings(Settings more) const {
  if (redis_ != nullptr) more.merge(redis_settings(*redis_));
  return more;
}

Settings redis_settings(const RedisServer& server) {
  return {{"storage", "redis"}, {"redis.url", "redis://127.0.0.1:" + std::to_string(server.port())}};
}

Settings redis_settings(const RedisCluster& cluster) {
  return {{"storage", "redis"}, {"redis.mode", "cluster"}, {"redis.url", cluster.url()}};
}

Settings redis_settings(const RedisSentinels& sentinels) {
  return {{"storage", "redis"},
          {"redis.mode", "sentinel"},
          {"redis.url", sentinels.url()},
          {"redis.sentinel_master", RedisSentinels::kMaster}};
}

}  // namespace relay::test
