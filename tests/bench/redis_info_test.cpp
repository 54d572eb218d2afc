// What a Redis says of itself, of a real one and of none.
#include "load/redis_info.hpp"

#include "client/small_server.hpp"
#include "support/catch.hpp"
#include "support/redis_server.hpp"

using namespace relay::bench;

namespace {

std::string code_of(const std::string& url) {
  const auto info = RedisInfo::make(url);
  return info ? "made" : info.error().code;
}

}  // namespace

TEST_CASE("What a load does to a Redis is the difference of two looks") {
  relay::test::RedisServer redis;
  const auto info = RedisInfo::make("redis://127.0.0.1:" + std::to_string(redis.port()));
  REQUIRE(info.has_value());
  REQUIRE(info->watches_anything());
  const auto before = info->take();
  for (int i = 0; i < 50; ++i) redis.command({"SET", "key-" + std::to_string(i), std::string(4000, 'x')});
  const auto after = info->take();
  const auto nodes = redis_change(before, after, 2'000'000'000);
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0].role == "master");
  CHECK(nodes[0].version.find_first_of("0123456789") != std::string::npos);
  CHECK(nodes[0].commands_per_s >= 25);
  CHECK(nodes[0].commands_per_s <= 100);
  CHECK(nodes[0].bytes_in_per_s >= 100'000);
  CHECK(nodes[0].memory_gained >= 200'000);
  CHECK(nodes[0].cpu >= 0);
}

TEST_CASE("Nothing to watch, nodes that are away, and what is not spoken") {
  const auto none = RedisInfo::make("");
  REQUIRE(none.has_value());
  CHECK_FALSE(none->watches_anything());
  CHECK(code_of("redis://127.0.0.1:1") == "no_redis");
  CHECK(code_of("rediss://127.0.0.1:1") == "bad_redis_url");
  CHECK(code_of("127.0.0.1") == "bad_redis_url");
  CHECK(redis_change({{"a", {}}}, {{"a", {{"role", "master"}}}}, 1'000'000'000).empty());
}

TEST_CASE("A refusal is told without the password, and Valkey by its name") {
  relay::client::SmallServer server([](relay::client::Socket& socket) {
    std::string got;
    const auto deadline = relay::client::deadline_in(relay::Milliseconds(20'000));
    while (got.find("INFO") == std::string::npos) {
      if (const auto more = socket.receive(got, deadline); !more || !*more) return;
    }
    const std::string text = "redis_version:7.2.4\r\nvalkey_version:8.0.1\r\nrole:master\r\n";
    relay::client::send(socket, got.find("good") == std::string::npos
                                    ? "-WRONGPASS invalid username-password pair\r\n-NOAUTH\r\n"
                                    : "+OK\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n");
    relay::client::wait_for_end(socket);
  });
  const auto refused = RedisInfo::make("redis://:bad@" + server.endpoint().text());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("WRONGPASS") != std::string::npos);
  CHECK(refused.error().message.find("bad@") == std::string::npos);
  const auto info = RedisInfo::make("redis://user:good@" + server.endpoint().text());
  REQUIRE(info.has_value());
  const auto page = info->take();
  const auto nodes = redis_change(page, page, 1'000'000'000);
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0].version == "valkey 8.0.1");
}
