// Two servers that take themselves for the master, and sentinels that have not heard of it yet: who is
// followed, and what is known of ids that both have given.
#include "contracts/redis_backend.hpp"
#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/fake_sentinel.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;

RedisServer::Options with(std::vector<std::string> more) {
  more.insert(more.end(), {"--repl-diskless-sync-delay", "0"});
  return {.way = RedisWay::kTcp, .keep_data = false, .more = std::move(more)};
}

// A master and its replica.
struct Servers {
  Servers() {
    await_condition([this] { return replica.command({"ROLE"}).find("connected") != std::string::npos; },
                    "the replica has its master's data");
  }
  void await_replica() {
    await_condition(
        [this] { return replica.command({"GET", "relay:seq"}) == master.command({"GET", "relay:seq"}); },
        "the replica has the last message");
  }
  void promote() { REQUIRE(replica.command({"REPLICAOF", "NO", "ONE"}) == "OK"); }

  RedisServer master{with({})};
  RedisServer replica{with({"--replicaof", "127.0.0.1 " + std::to_string(master.port())})};
};

redis::RedisSettings behind(const RedisServer& any, const FakeSentinel& first, const FakeSentinel& second) {
  redis::RedisSettings settings = any.settings();
  settings.mode = redis::Mode::kSentinel;
  settings.sentinel_master = "mymaster";
  settings.server.port = first.port();
  settings.server.more_hosts = {{"127.0.0.1", second.port()}};
  return settings;
}

bool is_on(Member& member, const RedisServer& server) {
  const hub::NodeHealth health = member.health();
  return health.up && health.name == "127.0.0.1:" + std::to_string(server.port());
}

void await_on(Member& member, const RedisServer& server) {
  await_condition([&] { return is_on(member, server); }, "it is on port " + std::to_string(server.port()));
}

}  // namespace

TEST_CASE("a sentinel that has not heard of a failover does not lead back to the former master") {
  Servers servers;
  FakeSentinel knows, lags;
  knows.name(servers.master.port(), 0);
  lags.name(servers.master.port(), 0);
  Member member(0, redis_maker(behind(servers.master, knows, lags)));
  member.start();
  await_on(member, servers.master);
  servers.promote();
  SECTION("that is under way") {
    knows.promote(servers.replica.port());
  }
  SECTION("that is done") {
    knows.name(servers.replica.port(), 1);
  }
  await_on(member, servers.replica);
  const MessageId id = member.publish({});
  knows.silence();
  const int before = lags.asked();
  await_condition([&] { return lags.asked() >= before + 5; }, "the other one is asked");
  CHECK(is_on(member, servers.replica));
  CHECK(ids_of(member.page("room:1").messages) == std::vector<MessageId>{id});
  // When nobody says otherwise any more, it is believed.
  await_on(member, servers.master);
}

TEST_CASE("whoever comes back to a server that knows nothing of the other goes on where it left") {
  Servers servers;
  FakeSentinel sentinel;
  sentinel.name(servers.master.port(), 1);
  Member roams(0, redis_maker(behind(servers.master, sentinel, sentinel)));
  Member stays(1, redis_maker(servers.master.settings()));
  roams.start();
  stays.start();
  await_on(roams, servers.master);
  REQUIRE(roams.watch("room:1").has_value());
  const MessageId left = roams.publish({});
  REQUIRE(roams.heard().await_count(Event::Kind::kAnnounced, 1));
  servers.await_replica();
  servers.promote();
  sentinel.name(servers.replica.port(), 2);
  await_on(roams, servers.replica);
  const MessageId there = roams.publish({});
  REQUIRE(roams.heard().await_count(Event::Kind::kAnnounced, 2));
  REQUIRE(stays.await_up());
  const MessageId missed = stays.publish({});
  CHECK(missed > left);
  sentinel.name(servers.master.port(), 3);
  await_condition([&] { return !roams.heard().forgotten().empty(); }, "it is told where to go on");
  CHECK(roams.heard().forgotten() == std::vector<MessageId>{left});
  CHECK(there > left);
}

TEST_CASE("a cursor from a lost end is known for one, though nobody who saw it has come yet") {
  Servers servers;
  Member before(0, redis_maker(servers.master.settings()));
  before.start();
  REQUIRE(before.await_up());
  const MessageId kept = before.publish({});
  servers.await_replica();
  servers.promote();
  MessageId lost = 0;
  for (int i = 0; i < 5; ++i) lost = before.publish({});
  Member after(1, redis_maker(servers.replica.settings()));
  after.start();
  REQUIRE(after.await_up());
  std::vector<MessageId> given;
  for (int i = 0; i < 5; ++i) given.push_back(after.publish({}));
  CHECK(given.front() > lost);
  const auto answer = after.read({query("room:1", lost)});
  REQUIRE(answer.has_value());
  const MessageId life = answer->life_after(lost);
  CHECK(life > lost);
  CHECK(life <= given.front());
  CHECK(answer->common(lost) == kept);
  // What is not of the lost end is none, and nobody is told of a new life.
  CHECK(answer->life_after(kept) == 0);
  CHECK(answer->life_after(given.front()) == 0);
  CHECK(answer->epoch < kept);
  CHECK(ids_of(after.page("room:1", kept).messages) == given);
  CHECK(after.metrics().get(metrics::Counter::kStorageDataLosses) == 0);
}

}  // namespace relay::test
