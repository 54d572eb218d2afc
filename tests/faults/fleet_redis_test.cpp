// A fleet on one Redis that freezes, pauses, drops its pub/sub links or overruns them: nobody is
// disconnected, nothing acknowledged is lost or doubled, and every stream is whole within a second of Redis
// answering.
#include "fleet.hpp"

#include <array>
#include <iostream>

#include "support/catch.hpp"
#include "support/redis_server.hpp"
#include "support/storage_under_test.hpp"

using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

struct Scene {
  RedisServer redis;
  Fleet fleet{{.settings = redis_settings(redis)}};
  Scene() { fleet.begin(); }
};

}  // namespace

TEST_CASE("The one Redis of a fleet is frozen for 5 s") {
  Scene scene;
  scene.redis.freeze();
  const auto frozen = Clock::now();
  std::array<std::optional<milliseconds>, Fleet::kInstances> found;
  scene.fleet.clients().run_until([&] {
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!found[i] && !scene.fleet.ready(i))
        found[i] = std::chrono::duration_cast<milliseconds>(Clock::now() - frozen);
    }
    return Clock::now() - frozen > 5s;
  });
  scene.redis.thaw();
  const milliseconds whole = scene.fleet.time_until_whole();
  for (const auto& after : found) {
    REQUIRE(after);
    CHECK(*after <= kFoundWithin + kMachineSlack);
    std::cout << "frozen 5 s: found after " << after->count() << " ms\n";
  }
  scene.fleet.clients().run_for(500ms);
  scene.fleet.judge("frozen 5 s", {.whole = whole});
}

TEST_CASE("All pub/sub links of a fleet are killed, again and again") {
  Scene scene;
  milliseconds slowest{0};
  for (int i = 0; i < 5; ++i) {
    CHECK(scene.redis.command({"CLIENT", "KILL", "TYPE", "pubsub"}) != "0");
    slowest = std::max(slowest, scene.fleet.time_until_whole());
    scene.fleet.clients().run_for(300ms);
  }
  scene.fleet.judge("pub/sub killed 5 times", {.whole = slowest});
}

TEST_CASE("Redis pauses all clients of a fleet for 3 s") {
  Scene scene;
  REQUIRE(scene.redis.command({"CLIENT", "PAUSE", "3000", "ALL"}) == "OK");
  scene.fleet.clients().run_for(3000ms);
  const milliseconds whole = scene.fleet.time_until_whole();
  scene.fleet.clients().run_for(500ms);
  scene.fleet.judge("paused 3 s", {.whole = whole});
}

// Redis ends a pub/sub client whose output does not fit. What is longer than its fixed buffer of 16 KiB
// counts, so with a limit of 20 kB one long message ends every link that is to get it.
TEST_CASE("The output buffers of all pub/sub links overrun, again and again") {
  Scene scene;
  const std::string key = "client-output-buffer-limit";
  const std::string usual = scene.redis.list({"CONFIG", "GET", key}).at(1);
  const std::string channel = "fleet-7";
  milliseconds slowest{0};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(scene.redis.command({"CONFIG", "SET", key, "pubsub 20kb 0 0"}) == "OK");
    const double before = scene.fleet.metric("relayd_storage_reconnects_total");
    const std::string payload = channel + " long/" + std::to_string(i) + std::string(60'000, 'x');
    scene.fleet.publish(static_cast<std::size_t>(i), channel, payload);
    REQUIRE(scene.fleet.clients().run_until(
        [&] { return scene.fleet.metric("relayd_storage_reconnects_total") > before; }));
    REQUIRE(scene.redis.command({"CONFIG", "SET", key, usual}) == "OK");
    slowest = std::max(slowest, scene.fleet.time_until_whole());
    scene.fleet.clients().run_for(300ms);
  }
  scene.fleet.judge("output buffers overrun 3 times", {.whole = slowest});
}
