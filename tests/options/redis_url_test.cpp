#include "options/redis_url.hpp"

#include "support/catch.hpp"

namespace {

using namespace relay::options;

TEST_CASE("redis:// with everything") {
  const RedisUrl url = parse_redis_url("redis://relay:p%40ss@cache.example:6380/3").value();
  CHECK_FALSE(url.tls);
  CHECK(url.host == "cache.example");
  CHECK(url.port == 6380);
  CHECK(url.username == "relay");
  CHECK(url.password == "p@ss");
  CHECK(url.database == 3);
}

TEST_CASE("redis:// with as little as possible") {
  const RedisUrl url = parse_redis_url("redis://localhost").value();
  CHECK(url.host == "localhost");
  CHECK(url.port == 6379);
  CHECK(url.username.empty());
  CHECK(url.password.empty());
  CHECK(url.unix_path.empty());
}

TEST_CASE("a password without a user, TLS, IPv6, go-redis parameters") {
  CHECK(parse_redis_url("redis://:secret@h").value().password == "secret");
  const RedisUrl url = parse_redis_url("rediss://[::1]:7000?skip_verify=true&dial_timeout=5s&db=2").value();
  CHECK(url.tls);
  CHECK(url.host == "::1");
  CHECK(url.port == 7000);
  CHECK(url.skip_verify);
  CHECK(url.database == 2);
  CHECK(url.ignored == std::vector<std::string>{"dial_timeout"});
}

TEST_CASE("unix:// takes an absolute path") {
  const RedisUrl url = parse_redis_url("unix://u:p@/run/redis/redis.sock?db=1").value();
  CHECK(url.unix_path == "/run/redis/redis.sock");
  CHECK(url.username == "u");
  CHECK(url.password == "p");
  CHECK(url.database == 1);
}

TEST_CASE("several hosts share all else") {
  const RedisUrl url = parse_redis_url("redis://u:p,q@a:7000,[::1]:7001,b/2").value();
  CHECK(url.host == "a");
  CHECK(url.port == 7000);
  CHECK(url.more_hosts == std::vector<RedisHost>{{"::1", 7001}, {"b", 6379}});
  CHECK(url.password == "p,q");
  CHECK(url.database == 2);
}

TEST_CASE("malformed addresses are refused without showing them") {
  for (const char* text :
       {"", "localhost:6379", "http://h", "redis://", "redis://:6379", "redis://h:0", "redis://h:65536",
        "redis://h:x", "redis://h/x", "redis://[::1", "redis://[zz]", "redis://a:sesame%@h",
        "unix://run/redis.sock", "unix:///", "redis://h?skip_verify=maybe", "redis://h?a=%zz", "redis://a,",
        "redis://,a", "redis://a,b:0"}) {
    INFO(text);
    const auto url = parse_redis_url(text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().message.find("sesame") == std::string::npos);
  }
}

TEST_CASE("options of their own win over the address") {
  RedisOptions redis;
  redis.url = "redis://a:b@h";
  CHECK(redis_target(redis).username == "a");
  redis.username = "relay";
  redis.password = "other";
  redis.tls_skip_verify = true;
  const RedisUrl target = redis_target(redis);
  CHECK(target.username == "relay");
  CHECK(target.password == "other");
  CHECK(target.skip_verify);
  CHECK(target.host == "h");
}

TEST_CASE("a password is masked, also in an address that is malformed") {
  CHECK(mask_redis_url("redis://u:p@h:1/0") == "redis://u:***@h:1/0");
  CHECK(mask_redis_url("redis://:p:q@h") == "redis://:***@h");
  CHECK(mask_redis_url("redis://h:6379") == "redis://h:6379");
  CHECK(mask_redis_url("redis://user@h") == "redis://user@h");
  CHECK(mask_redis_url("rdis:/u:p@h") == "rdis:***@h");
}

}  // namespace
