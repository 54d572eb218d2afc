// One relayd of a fleet is killed under load: its clients go on at the others, nothing lost and nothing doubled.
#include "fleet.hpp"

#include "support/catch.hpp"
#include "support/redis_server.hpp"
#include "support/storage_under_test.hpp"

using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

TEST_CASE("kill -9 of one relayd of three, then of a second") {
  RedisServer redis;
  Fleet fleet({.settings = redis_settings(redis)});
  fleet.begin();
  for (const std::size_t victim : {std::size_t{0}, std::size_t{2}}) {
    const std::size_t before = fleet.clients().disconnects();
    fleet.kill_relayd(victim);
    REQUIRE(fleet.clients().run_until(
        [&] { return fleet.clients().disconnects() > before + 30 && fleet.clients().all_subscribed(); }));
    fleet.time_until_whole();
    fleet.clients().run_for(1s);
  }
  CHECK(fleet.outcomes().repeated > 0);
  fleet.judge("relayd killed, twice", {.disconnects = true});
}
