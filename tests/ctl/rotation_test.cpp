// One relayd is asked to take another out of rotation: it obeys over the store, or the operator is told why
// not.
#include <csignal>

#include "ctl/live_fixture.hpp"
#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/redis_server.hpp"
#include "support/storage_under_test.hpp"

namespace {

using namespace relay::test;

// Is asked as edge-1; edge-2 is the other one.
struct Pair {
  Settings settings(std::string id) const {
    Settings all = redis_settings(redis);
    all["instance.id"] = std::move(id);
    return all;
  }
  Pair() {
    asked.relayd.await_ready();
    other->await_ready();
    await_state("alive");
  }
  std::string state() const {
    for (const auto& row : asked.ctl.json({"instances", "list"})) {
      if (row["instance"] == "edge-2") return row["state"];
    }
    return "unknown";
  }
  void await_state(const std::string& wanted) const {
    await_condition([&] { return state() == wanted; }, "edge-2 is " + wanted);
  }
  CtlResult drain(const std::string& id) const {
    return asked.ctl.run({"instances", "drain", id, "--spread", "0", "-y"});
  }

  RedisServer redis;
  LiveFixture asked{settings("edge-1")};
  std::unique_ptr<RelaydProcess> other = std::make_unique<RelaydProcess>(settings("edge-2"));
};

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != text.npos;
}

}  // namespace

TEST_CASE("another instance goes out of rotation and comes back") {
  Pair pair;
  StreamSet streams;
  Stream& there = streams.open(pair.other->port(), Wire::kSse, "channel=news");
  Stream& here = streams.open(pair.asked.relayd.port(), Wire::kSse, "channel=news");
  REQUIRE(streams.await_live());
  const auto drained = pair.asked.ctl.json({"instances", "drain", "edge-2", "--spread", "0", "-y"});
  CHECK(drained["instance"] == "edge-2");
  CHECK(drained["draining"] == true);
  CHECK(drained["clients"] == 1);
  CHECK(http_get(pair.other->operator_port(), "/readyz").status == 503);
  REQUIRE(streams.run_until([&] { return there.ended(); }));
  CHECK(here.live());
  CHECK(pair.asked.ctl.json({"status"})["ready"] == true);
  pair.await_state("draining");
  CHECK(pair.asked.ctl.json({"instances", "undrain", "edge-2"})["draining"] == false);
  CHECK(http_get(pair.other->operator_port(), "/readyz").status == 200);
  pair.await_state("alive");
}

TEST_CASE("whoever is not there, dead or silent cannot obey, and that is said") {
  Pair pair;
  const CtlResult stranger = pair.asked.ctl.run({"instances", "undrain", "edge-9"});
  CHECK(stranger.exit == 1);
  CHECK(has(stranger.err, "no instance \"edge-9\""));
  pair.other->process().signal(SIGSTOP);
  const CtlResult silent = pair.drain("edge-2");
  pair.other->process().signal(SIGCONT);
  CHECK(silent.exit == 75);
  CHECK(has(silent.err, "did not say within"));
  REQUIRE(pair.redis.command({"ZADD", "relay:instances", "1000", "edge-3"}) == "1");  // heard in 1970
  const CtlResult dead = pair.drain("edge-3");
  CHECK(dead.exit == 69);
  CHECK(has(dead.err, "is dead"));
  pair.redis.kill();
  const CtlResult away = pair.drain("edge-2");
  CHECK(away.exit == 69);
  CHECK(has(away.err, "Redis"));
}
