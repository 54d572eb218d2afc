// Sentinel, replicas that have to have a message before it counts, and writes that a failover took back.
#include "contracts/appends.hpp"
#include "contracts/redis_backend.hpp"
#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_sentinels.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;
using Kind = Event::Kind;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kHealingLimit = 1s;
constexpr auto kMachineSlack = 2s;

struct OnSentinels {
  explicit OnSentinels(std::uint32_t min_replicas) : settings(sentinels.settings()) {
    settings.min_replicas = min_replicas;
    member = std::make_unique<Member>(0, redis_maker(settings));
    member->start();
    REQUIRE(member->await_up());
    REQUIRE(member->watch("room:1").has_value());
  }
  void await_restored(std::size_t count) {
    CHECK(member->heard().await_count(Kind::kRestored, count, kHealingLimit + kMachineSlack));
    REQUIRE(member->heard().await_count(Kind::kRestored, count));
    REQUIRE(member->await_up());
  }
  void check_live() {
    const MessageId id = member->publish({});
    CHECK(member->heard().await(
        [&](const auto& events) { return events.back().message && events.back().message->id() == id; }));
  }
  RedisSentinels sentinels;
  redis::RedisSettings settings;
  std::unique_ptr<Member> member;
};

TEST_CASE("a master is killed and Sentinel names another: what replicas had is kept") {
  OnSentinels on(1);
  Appends appends(*on.member);
  appends.send(500);
  appends.collect();
  CHECK(appends.stored() == 500);
  appends.send(500);
  on.sentinels.node(0).kill();
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  const std::size_t master = on.sentinels.await_other_master(0);
  await_condition([&] { return on.sentinels.node(master).command({"ROLE"}).starts_with("master"); },
                  "it is a master");
  on.await_restored(2);
  appends.collect();
  appends.check_against(on.member->page("room:1", 0, 1'000'000));
  // Nobody replicates the new one: what it takes is not known to be safe, and said to be so.
  const auto answer = on.member->append({});
  REQUIRE(answer.has_error());
  CHECK(answer.error().code == "storage_replicas");
  CHECK(on.member->metrics().get(metrics::Counter::kStorageDataLosses) == 0);
}

TEST_CASE("an operator's failover is followed, under load") {
  OnSentinels on(0);
  Appends appends(*on.member);
  appends.send(200);
  on.sentinels.command_failover();
  for (int i = 0; i < 200; ++i) {
    appends.send(5);
    std::this_thread::sleep_for(5ms);  // the pace of it
  }
  CHECK(on.sentinels.await_other_master(0) == 1);
  on.await_restored(2);
  appends.collect();
  CHECK(appends.stored() > 200);
  on.check_live();
  // Its former master is a replica of it now; a message there would be nowhere.
  await_condition([&] { return on.sentinels.node(0).command({"ROLE"}).starts_with("slave"); },
                  "it is a replica");
}

TEST_CASE("sentinels need not be there at the start, and one of them will do") {
  RedisSentinels sentinels(0);
  redis::RedisSettings settings = sentinels.settings();
  settings.server.more_hosts[0].port = settings.server.port;
  settings.server.port = free_port();  // nobody
  Member member(0, redis_maker(settings));
  member.start();
  CHECK(member.await_up());
  CHECK(member.append({}).has_value());

  redis::RedisSettings lost = settings;
  lost.sentinel_master = "another";
  Member stranger(1, redis_maker(lost));
  stranger.start();
  const auto until = SteadyClock::now() + kPatience;
  while (stranger.health().reason.find("does not know") == std::string::npos && SteadyClock::now() < until)
    std::this_thread::yield();
  CHECK(stranger.health().name == "sentinel");
  CHECK(stranger.health().reason.find("does not know") != std::string::npos);
}

TEST_CASE("an append that replicas do not get in time is unknown, and safe to repeat") {
  RedisServer master(
      {.way = RedisWay::kTcp, .keep_data = false, .more = {"--repl-diskless-sync-delay", "0"}});
  RedisServer replica({.way = RedisWay::kTcp,
                       .keep_data = false,
                       .more = {"--replicaof", "127.0.0.1 " + std::to_string(master.port())}});
  await_condition(
      [&] { return master.command({"INFO", "replication"}).find("state=online") != std::string::npos; },
      "the replica is there");
  redis::RedisSettings settings = master.settings();
  settings.min_replicas = 1;
  settings.publish_timeout = 2s;
  Member member(0, redis_maker(settings));
  member.start();
  REQUIRE(member.await_up());
  // A new replica may take a second until it says for the first time how far it is.
  await_condition([&] { return member.append({}).has_value(); }, "the replica confirms");
  const std::size_t before = member.page("room:1").messages.size();

  replica.freeze();
  const auto asked = SteadyClock::now();
  const Publish publish{.data = "once", .key = "k"};
  const auto unknown = member.append(publish);
  REQUIRE(unknown.has_error());
  CHECK(unknown.error().kind == ErrorKind::kUnknown);
  CHECK(unknown.error().code == "storage_replicas");
  CHECK(SteadyClock::now() - asked <= settings.publish_timeout);
  const auto still = member.append(publish);  // a repetition is no proof either
  REQUIRE(still.has_error());
  CHECK(still.error().code == "storage_replicas");
  CHECK(member.heard().count(Kind::kInterrupted) == 0);  // reads and announcements did not wait

  replica.thaw();
  const auto answer = member.append(publish);
  REQUIRE(answer.has_value());
  CHECK(answer->repeated);
  CHECK(member.page("room:1").messages.size() == before + 1);
  CHECK(std::stoul(replica.command({"ZCARD", "relay:log:room:1"})) == before + 1);
}

TEST_CASE("appends that wait for replicas share the waiting") {
  RedisServer master(
      {.way = RedisWay::kTcp, .keep_data = false, .more = {"--repl-diskless-sync-delay", "0"}});
  RedisServer replica({.way = RedisWay::kTcp,
                       .keep_data = false,
                       .more = {"--replicaof", "127.0.0.1 " + std::to_string(master.port())}});
  await_condition(
      [&] { return master.command({"INFO", "replication"}).find("state=online") != std::string::npos; },
      "the replica is there");
  redis::RedisSettings settings = master.settings();
  settings.min_replicas = 1;
  Member member(0, redis_maker(settings));
  member.start();
  REQUIRE(member.await_up());
  const auto waits = [&] {
    const std::string stats = master.command({"INFO", "commandstats"});
    const auto at = stats.find("cmdstat_wait:calls=");
    return at == stats.npos ? 0 : std::stoi(stats.substr(at + 19));
  };
  const int before = waits();
  Appends appends(member);
  appends.send(2'000);
  appends.collect();
  CHECK(appends.stored() == 2'000);
  CHECK(waits() > before);
  CHECK(waits() - before < 2'000);
}

// They must not queue up until the link counts as dead.
TEST_CASE("a stream of appends that no replica gets is answered in time, and interrupts nothing") {
  RedisServer master;
  redis::RedisSettings settings = master.settings();
  settings.min_replicas = 1;
  settings.publish_timeout = 2s;
  Member member(0, redis_maker(settings));
  member.start();
  REQUIRE(member.await_up());
  std::vector<std::future<Result<hub::Appended>>> answers;
  const auto until = SteadyClock::now() + 3s;
  while (SteadyClock::now() < until) {
    answers.push_back(member.append_later({}));
    std::this_thread::sleep_for(5ms);  // the pace of it
  }
  for (auto& answer : answers) {
    const auto unknown = await_answer(std::move(answer), "append");
    REQUIRE(unknown.has_error());
    CHECK(unknown.error().code == "storage_replicas");
  }
  CHECK(member.heard().count(Kind::kInterrupted) == 0);
}

// The store comes back without its last write, and another instance is the first to use it: the ids that it
// gives are higher than the one that was lost.
TEST_CASE("writes that were taken back are noticed though others have published since") {
  RedisServer server({.way = RedisWay::kTcp, .keep_data = false, .more = {}});
  Member first(0, redis_maker(server.settings()));
  first.start();
  REQUIRE(first.await_up());
  const MessageId kept = first.publish({.data = "kept"});
  REQUIRE(server.command({"SAVE"}) == "OK");
  const MessageId lost = first.publish({.data = "lost"});
  std::promise<void> go_on;
  first.post([go = go_on.get_future().share()] { go.wait(); });  // it does not see what happens
  server.kill();
  server.start();

  Member second(1, redis_maker(server.settings()));
  second.start();
  REQUIRE(second.await_up());
  REQUIRE(second.heard().await_count(Kind::kRestored, 1));
  const MessageId since = second.publish({.data = "since"});
  CHECK(since > lost);
  CHECK(second.metrics().get(metrics::Counter::kStorageDataLosses) == 0);
  go_on.set_value();

  REQUIRE(first.heard().await_count(Kind::kRestored, 2));
  const auto answer = first.read({query("room:1", lost - 1)});
  REQUIRE(answer.has_value());
  CHECK(answer->epoch > since);          // every cursor from before is told of a gap ...
  CHECK(answer->common(since) == kept);  // ... and goes on from where both agree
  CHECK(ids_of(first.page("room:1", answer->common(lost)).messages) == std::vector<MessageId>{since});
  CHECK(answer->common(answer->epoch) == answer->epoch);
  CHECK(first.metrics().get(metrics::Counter::kStorageDataLosses) == 1);
  // The other one hears of it as well, and fills its streams again.
  REQUIRE(second.heard().await_count(Kind::kRestored, 2));
  CHECK(second.read({})->epoch == answer->epoch);
}

// Each server that is promoted without the last writes parts the data once more.
TEST_CASE("of many lost lives each is remembered, the newest first, and no more than sixteen") {
  RedisServer server({.way = RedisWay::kTcp, .keep_data = false, .more = {}});
  Member member(0, redis_maker(server.settings()));
  member.start();
  REQUIRE(member.await_up());
  std::vector<MessageId> kept, lost;
  for (std::size_t round = 0; round < 18; ++round) {
    kept.push_back(member.publish({.data = "kept"}));
    REQUIRE(server.command({"SAVE"}) == "OK");
    lost.push_back(member.publish({.data = "lost"}));
    server.kill();
    server.start();
    REQUIRE(member.heard().await_count(Kind::kRestored, round + 2));
    REQUIRE(member.await_up());
  }
  const auto answer = member.read({});
  REQUIRE(answer.has_value());
  CHECK(answer->forks.size() == 16);
  for (std::size_t i = 2; i < kept.size(); ++i) CHECK(answer->common(lost[i]) == kept[i]);
  CHECK(server.command({"PTTL", "relay:forks"}) == "-1");
}

TEST_CASE("a restart that loses nothing is no new epoch, whoever comes first") {
  RedisServer server;
  Member first(0, redis_maker(server.settings()));
  Member second(1, redis_maker(server.settings()));
  for (Member* member : {&first, &second}) {
    member->start();
    REQUIRE(member->await_up());
  }
  const MessageId epoch = first.read({})->epoch;
  for (int round = 0; round < 20; ++round) {  // more servers than are remembered
    first.publish({});
    second.publish({});
    server.kill();
    server.start();
    const std::size_t restored = static_cast<std::size_t>(round) + 2;
    REQUIRE(first.heard().await_count(Kind::kRestored, restored));
    REQUIRE(second.heard().await_count(Kind::kRestored, restored));
  }
  CHECK(second.read({})->epoch == epoch);
  CHECK(first.metrics().get(metrics::Counter::kStorageDataLosses) == 0);
  CHECK(second.metrics().get(metrics::Counter::kStorageDataLosses) == 0);
}

}  // namespace
}  // namespace relay::test
