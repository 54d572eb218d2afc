// The link of one relayd to Redis is half open: packets vanish and no one says so. It is found by the probe
// within two seconds, and healed. In a network namespace of the test's own; skipped where none may be had.
#include "fleet.hpp"

#include <iostream>

#include "support/catch.hpp"
#include "support/own_network.hpp"
#include "support/redis_server.hpp"
#include "support/storage_under_test.hpp"

using namespace relay::test;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

// relayd 0 knows Redis by an address of its own, so that its packets can be told from those of others.
constexpr const char* kAddress = "127.0.0.2";

struct Scene {
  RedisServer redis{{.more = {"--bind", "127.0.0.1", kAddress}}};
  std::string port = std::to_string(redis.port());
  Fleet fleet{{.settings = redis_settings(redis),
               .of_each = {{{"redis.url", "redis://" + std::string(kAddress) + ":" + port}}}}};
  std::string from_redis = "ip saddr " + std::string(kAddress) + " tcp sport " + port;
  std::string to_redis = "ip daddr " + std::string(kAddress) + " tcp dport " + port;

  void break_and_heal(const char* what, bool both_ways) {
    fleet.begin();
    auto drop = std::make_unique<OwnNetwork::Drop>(from_redis);
    if (both_ways) drop->add(to_redis);
    const auto broken = Clock::now();
    REQUIRE(fleet.clients().run_until([&] { return !fleet.ready(0); }, 10s));
    const auto found = std::chrono::duration_cast<milliseconds>(Clock::now() - broken);
    CHECK(found <= kFoundWithin + kMachineSlack);
    fleet.clients().run_until([&] { return Clock::now() - broken > 6s; });
    CHECK(fleet.ready(1));
    CHECK(fleet.ready(2));
    drop.reset();
    const milliseconds whole = fleet.time_until_whole();
    fleet.clients().run_for(500ms);
    std::cout << what << ": found after " << found.count() << " ms\n";
    fleet.judge(what, {.whole = whole});
  }
};

// The first test of the process moves it; then it is there.
bool have_network() {
  static const std::string why = OwnNetwork::enter();
  if (!why.empty()) std::cout << "skipped: " << why << std::endl;
  return why.empty();
}

}  // namespace

TEST_CASE("What Redis says to one relayd vanishes") {
  if (have_network()) Scene().break_and_heal("answers dropped", false);
}

TEST_CASE("Everything between one relayd and Redis vanishes") {
  if (have_network()) Scene().break_and_heal("both ways dropped", true);
}
