// instances purge and check instances with the store alone: real relayds, killed, frozen and revived.
#include "ctl/stored_fixture.hpp"

#include <signal.h>

#include <functional>

#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

namespace relay::test {

using namespace std::chrono_literals;

namespace {

// relayds that beat fast and count as dead only for relayctl's --grace: nobody else purges.
struct Registry : StoredFixture {
  RelaydProcess relayd(const std::string& id) {
    Settings settings = redis_settings(redis);
    settings.merge(
        Settings{{"instance.id", id}, {"instance.heartbeat_interval", "1s"}, {"instance.dead_after", "1h"}});
    return RelaydProcess(settings);
  }
  bool listed(const std::string& id) { return redis.command({"ZSCORE", "relay:instances", id}) != "(nil)"; }
  std::int64_t silent_ms(const std::string& id) {
    const auto time = redis.list({"TIME"});
    return std::stoll(time[0]) * 1000 + std::stoll(time[1]) / 1000 -
           std::stoll(redis.command({"ZSCORE", "relay:instances", id}));
  }
  bool present(const std::string& id) {
    for (const std::string& member : redis.list({"SMEMBERS", "relay:subs:c"})) {
      if (member.starts_with(id + ":")) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("instances purge --dead works with every relayd gone") {
  Registry f;
  {
    RelaydProcess one = f.relayd("edge-1"), two = f.relayd("edge-2");
    one.await_ready();
    two.await_ready();
    StreamSet set;
    set.open(one.port(), Wire::kSse, "channel=c");
    set.open(one.port(), Wire::kSse, "channel=c");
    set.open(two.port(), Wire::kWsJson, "channel=c");
    REQUIRE(set.await_live());
    REQUIRE(await([&] {
      return f.present("edge-1") && f.present("edge-2") && f.redis.command({"SCARD", "relay:subs:c"}) == "3";
    }));
    REQUIRE(await([&] { return f.redis.command({"HGET", "relay:instance:edge-1", "clientCount"}) == "2"; }));
    one.process().signal(SIGKILL);
    two.process().signal(SIGKILL);
    REQUIRE(one.process().wait(10s));
    REQUIRE(two.process().wait(10s));
  }
  const auto messages = f.ctl.store("c", numbered(2));
  const auto lives = f.ctl.run({"instances", "purge", "edge-1", "-y"});
  CHECK(lives.exit == 1);
  CHECK(has(lives.err, "instance \"edge-1\" lives"));
  CHECK(f.ctl.run({"instances", "purge", "nobody", "-y"}).exit == 1);
  CHECK(f.ctl.run({"instances", "purge", "-y"}).exit == 64);

  CHECK(f.ctl.run({"instances", "purge", "--dead", "--grace", "0"}).exit == 64);
  const auto planned =
      f.ctl.good({"instances", "purge", "--dead", "--grace", "0", "--dry-run", "-o", "json"});
  REQUIRE(planned.json().size() == 2);
  CHECK(planned.json()[0]["result"] == "would be removed");
  CHECK(planned.json()[0]["entries"] == 2);
  CHECK(has(planned.err, "2 instances are dead"));
  const auto listed = f.ctl.json({"instances", "list"});  // of the store: no relayd answers
  REQUIRE(listed.size() == 2);
  CHECK(listed[0]["instance"] == "edge-1");
  CHECK(listed[0]["clients"] == 2);
  CHECK(listed[0]["version"].is_string());
  CHECK(has(f.ctl.good({"instances", "get", "edge-2"}).out, "edge-2"));
  CHECK(f.listed("edge-1"));

  const auto one = f.ctl.good({"instances", "purge", "edge-2", "--grace", "0", "-y", "-o", "json"}).json();
  REQUIRE(one.size() == 1);
  CHECK(one[0]["instance"] == "edge-2");
  CHECK(one[0]["result"] == "removed");
  CHECK(f.present("edge-1"));
  const auto rest = f.ctl.good({"instances", "purge", "--dead", "--grace", "0", "-y"});
  CHECK(has(rest.out, "edge-1"));
  CHECK(has(rest.out, "removed"));
  for (const char* key : {"relay:instances", "relay:instance:edge-1", "relay:held:edge-1",
                          "relay:held:edge-2", "relay:subs:c", "relay:lease:purge"}) {
    INFO(key);
    CHECK(f.redis.command({"EXISTS", key}) == "0");
  }
  CHECK(f.ctl.ids("c") == messages);
  CHECK(f.ctl.good({"storage", "orphans", "-o", "json"}).json().empty());
  CHECK(has(f.ctl.good({"instances", "purge", "--dead", "--grace", "0", "-y"}).err, "no instance is dead"));
}

TEST_CASE("check instances tells the dead from the living") {
  Registry f;
  CHECK(f.ctl.run({"check", "instances", "--format", "nagios"}).exit == 2);
  RelaydProcess relayd = f.relayd("edge-1");
  relayd.await_ready();
  REQUIRE(await([&] { return f.listed("edge-1"); }));
  CHECK(f.ctl.good({"check", "instances"}).out == "ok: 1 alive, 0 dead\n");
  // Dead for relayctl, and not yet for the relayd, which would remove it.
  const std::int64_t beat = std::stoll(f.redis.command({"ZSCORE", "relay:instances", "edge-1"}));
  f.redis.command({"ZADD", "relay:instances", std::to_string(beat - 600'000), "edge-9"});
  const auto dead = f.ctl.run({"check", "instances", "--format", "nagios"});
  CHECK(dead.exit == 1);
  CHECK(has(dead.out, "1 alive, 1 dead: edge-9 silent for"));
  CHECK(f.ctl.run({"check", "instances", "--format", "nagios", "--crit", "1"}).exit == 2);
}

// A frozen instance is purged and comes back at the same moment, again and again: whatever the order, it ends
// up in the registry with its client.
TEST_CASE("a purge that races a revived instance never removes it for good") {
  Registry f;
  RelaydProcess relayd = f.relayd("edge-1");
  relayd.await_ready();
  StreamSet set;
  Stream& stream = set.open(relayd.port(), Wire::kSse, "channel=c");
  REQUIRE(set.await_live());
  REQUIRE(await([&] { return f.present("edge-1"); }));
  for (int round = 0; round < 4; ++round) {
    relayd.process().signal(SIGSTOP);
    const std::string beat = f.redis.command({"ZSCORE", "relay:instances", "edge-1"});
    REQUIRE(await([&] { return f.silent_ms("edge-1") > 1600; }));
    // Its first beat after the thaw falls into the purge, or comes just before or behind it.
    ChildProcess purge(f.ctl.ctl.command({"instances", "purge", "--dead", "--grace", "1500ms", "-y"}),
                       f.ctl.ctl.environment());
    if (round % 2 == 0) REQUIRE(purge.wait(20s) == 0);
    relayd.process().signal(SIGCONT);
    REQUIRE(purge.wait(20s) == 0);
    CHECK(await([&] {
      return f.listed("edge-1") && f.redis.command({"ZSCORE", "relay:instances", "edge-1"}) != beat &&
             f.present("edge-1");
    }));
    CHECK(f.redis.command({"SCARD", "relay:subs:c"}) == "1");
  }
  set.run_for(10ms);
  CHECK(stream.live());
}

TEST_CASE("an instance that beats is never touched") {
  Registry f;
  RelaydProcess relayd = f.relayd("edge-1");
  relayd.await_ready();
  REQUIRE(await([&] { return f.listed("edge-1"); }));
  const std::string token = f.redis.command({"HGET", "relay:held:edge-1", "@"});
  CHECK(f.ctl.run({"instances", "purge", "edge-1", "--grace", "10s", "-y"}).exit == 1);
  CHECK(has(f.ctl.good({"instances", "purge", "--dead", "--grace", "10s", "-y"}).err, "no instance is dead"));
  // A mark that a purge would have taken.
  CHECK(f.redis.command({"HGET", "relay:held:edge-1", "@"}) == token);
}

}  // namespace relay::test
