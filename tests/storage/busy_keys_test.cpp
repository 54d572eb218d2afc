// A real Redis after relayd was busy on it, compared with key_table.hpp, and so with relay-redis(7): nothing
// unlisted, nothing without an expiry or an owner.
#include "storage/redis/key_table.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_server.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

namespace relay::test {
namespace {

// All that leaves a key: kept and ephemeral messages, bounded by count, bytes and age, idempotency keys, the
// bridge, streams with presence that come and go.
void be_busy(const Settings& settings) {
  Settings all = settings;
  all["channel.presence"] = "true";
  all["instance.heartbeat_interval"] = "200ms";
  all["instance.dead_after"] = "1s";
  all["namespace.small.max_count"] = "5";
  all["namespace.small.max_bytes"] = "64KiB";
  all["namespace.brief.ephemeral"] = "true";
  RelaydProcess relayd(all);
  relayd.await_ready();
  StreamSet streams;
  for (int i = 0; i < 20; ++i) {
    const std::string channel = "room:" + std::to_string(i % 7);
    streams.open(relayd.port(), i % 2 == 0 ? Wire::kSseJson : Wire::kWsJson,
                 "channel=" + channel + "&channel=small:x");
  }
  REQUIRE(streams.await_live());
  HttpClient client(relayd.port());
  for (int i = 0; i < 300; ++i) {
    const std::string kind = i % 3 == 0   ? "small:x"
                             : i % 3 == 1 ? "brief:y"
                                          : "room:" + std::to_string(i % 7);
    HeaderList headers;
    if (i % 5 == 0) headers.emplace_back("Idempotency-Key", "key " + std::to_string(i / 10));
    const auto answer =
        client.request("POST", "/v1/channels/" + kind + "/messages", headers, std::string(500, 'x'));
    CHECK((answer.status == 201 || answer.status == 409));
    if (i % 50 == 0) {
      streams.clear();
      streams.open(relayd.port(), Wire::kSseJson, "channel=room:1");
      REQUIRE(streams.await_live());
    }
  }
  streams.run_for(std::chrono::milliseconds(500));  // heartbeats and a sweep of the purge
}

// The rows seen.
std::set<std::string_view> check_keys(RedisServer& server) {
  std::set<std::string_view> seen;
  for (const std::string& key : server.list({"KEYS", "*"})) {
    INFO(key);
    const redis::KeyRow* row = redis::row_of(key, "relay");
    REQUIRE(row != nullptr);
    seen.insert(row->name);
    const std::string type = server.command({"TYPE", key});
    if (type == "none") continue;  // it expired between the two commands
    CHECK(type == redis::name_of(row->type));
    CHECK((server.command({"PTTL", key}) != "-1") == row->expires);
  }
  return seen;
}

TEST_CASE("what a busy relayd leaves in Redis is what the table lists") {
  RedisServer server;
  be_busy(redis_settings(server));
  const auto seen = check_keys(server);
  for (const char* name : {"P:seq", "P:epoch", "P:history", "P:forks", "P:layout", "P:log:<channel>",
                           "P:last:<channel>", "P:bytes:<channel>", "P:idem:<channel>:<hash>"}) {
    INFO(name);
    CHECK(seen.count(name) == 1);
  }
}

TEST_CASE("what a busy relayd leaves in a Redis Cluster is what the table lists") {
  RedisCluster cluster({.masters = 3, .replicas = 0});
  be_busy({{"storage", "redis"}, {"redis.mode", "cluster"}, {"redis.url", cluster.url()}});
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < cluster.size(); ++i) seen.merge(check_keys(cluster.node(i)));
  CHECK(seen.count("P:layout") == 1);
  CHECK(seen.count("P:log:<channel>") == 1);
}

}  // namespace
}  // namespace relay::test
