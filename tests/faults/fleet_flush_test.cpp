// The data of a fleet's Redis is lost: every stream is told so with a gap, and goes on.
#include "fleet.hpp"

#include "support/catch.hpp"
#include "support/redis_server.hpp"
#include "support/storage_under_test.hpp"

using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST_CASE("FLUSHALL under a fleet") {
  RedisServer redis;
  Fleet fleet({.settings = redis_settings(redis)});
  fleet.begin();
  REQUIRE(redis.command({"FLUSHALL"}) == "OK");
  CHECK(fleet.clients().run_until([&] { return fleet.clients().clients_with_gaps() == Fleet::kClients; }, 10s));
  const milliseconds whole = fleet.time_until_whole();
  fleet.clients().run_for(1s);
  fleet.judge("FLUSHALL", {.allowed = {.gaps = true}, .whole = whole});
}
