// One relayd of a fleet is cut from Redis, again and again: it says so, refuses publishes in time, keeps its
// streams, and comes back alone. $RELAY_TEST_CUT_SECONDS: how long each time.
#include "fleet.hpp"

#include <cstdlib>
#include <iostream>

#include "support/catch.hpp"
#include "support/redis_server.hpp"
#include "support/storage_under_test.hpp"
#include "support/tcp_gate.hpp"

using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

milliseconds cut_for() {
  const char* seconds = std::getenv("RELAY_TEST_CUT_SECONDS");
  return std::chrono::seconds(seconds == nullptr ? 5 : std::atoi(seconds));
}

milliseconds since(Clock::time_point began) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - began);
}

}  // namespace

TEST_CASE("One relayd is cut from Redis three times") {
  RedisServer redis;
  TcpGate gate(redis.port());
  const Settings through_gate{{"redis.url", "redis://127.0.0.1:" + std::to_string(gate.port())}};
  Fleet fleet({.settings = redis_settings(redis), .of_each = {through_gate}});
  fleet.begin();
  milliseconds slowest{0};
  for (int i = 0; i < 3; ++i) {
    gate.cut();
    const auto cut = Clock::now();
    REQUIRE(fleet.clients().run_until([&] { return !fleet.ready(0); }, kFoundWithin + kMachineSlack));
    std::cout << "cut: readiness 503 after " << since(cut).count() << " ms, a publish ";
    const std::string said = fleet.readiness(0);
    CHECK(said.substr(0, 3) == "503");
    CHECK(said.find("\"reason\"") != std::string::npos);
    CHECK(said.find(std::to_string(gate.port())) != std::string::npos);
    const auto asked = Clock::now();
    const HttpAnswer refused = http_post(fleet.relayd(0).port(), "/v1/channels/fleet-0/messages", "refused");
    CHECK(refused.status == 503);
    CHECK_FALSE(refused.header("Retry-After").empty());
    CHECK(Clock::now() - asked <= kPublishTimeout + kMachineSlack);
    std::cout << "refused after " << since(asked).count() << " ms";
    fleet.clients().run_until([&] { return Clock::now() - cut >= cut_for(); }, cut_for() + 10s);
    CHECK_FALSE(fleet.ready(0));
    CHECK(fleet.ready(1));
    CHECK(fleet.ready(2));
    gate.open();
    const milliseconds whole = fleet.time_until_whole();
    std::cout << ", whole after " << whole.count() << " ms\n";
    slowest = std::max(slowest, whole);
  }
  CHECK(fleet.outcomes().refused > 0);
  fleet.clients().run_for(500ms);
  fleet.judge("cut three times", {.whole = slowest});
}
