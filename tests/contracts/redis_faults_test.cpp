// What the contract promises when Redis is killed, frozen, cut off, emptied or refuses: every call is
// answered once and truly, and the loop is told what it may have missed.
#include "contracts/appends.hpp"
#include "contracts/redis_backend.hpp"

#include <algorithm>
#include <random>

#include "support/catch.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;
using Kind = Event::Kind;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kHealingLimit = 1s;  // after Redis answers again (promise 4)
constexpr auto kFreezeLimit =
    2'300ms;  // until a frozen Redis is known for it: twice the probe interval, and a tick

struct OnRedis {
  explicit OnRedis(RedisServer::Options options = {}, std::function<void(redis::RedisSettings&)> change = {})
      : server(std::move(options)), settings(server.settings()) {
    if (change) change(settings);
    member = std::make_unique<Member>(0, redis_maker(settings));
    member->start();
    REQUIRE(member->await_up());
    REQUIRE(member->heard().await_count(Kind::kRestored, 1));
  }
  void await_healed(std::size_t restored, std::chrono::milliseconds limit = kHealingLimit) {
    CHECK(member->heard().await_count(Kind::kRestored, restored, limit));
    REQUIRE(member->heard().await_count(Kind::kRestored, restored));
  }
  // Interrupted, restored, and live: what is published now is heard.
  void check_live(std::string_view channel) {
    const MessageId id = member->publish({.channel = std::string(channel)});
    CHECK(member->heard().await(
        [&](const auto& events) { return events.back().message && events.back().message->id() == id; }));
  }
  RedisServer server;
  redis::RedisSettings settings;
  std::unique_ptr<Member> member;
};

TEST_CASE("answers are true though Redis is killed at any moment") {
  OnRedis on;
  Appends appends(*on.member);
  std::minstd_rand random(20261121);
  for (std::size_t round = 1; round <= 8; ++round) {
    appends.send(20);
    appends.collect();
    appends.send(200);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 12'000));  // the moment is the point
    appends.send(200);
    on.server.kill();
    appends.send(50);
    on.server.start();
    on.await_healed(1 + round);
    appends.collect();
  }
  CHECK(appends.stored() > 0);
  CHECK(appends.refused() > 0);
  appends.check_against(on.member->page("room:1", 0, 1'000'000));
  CHECK(on.member->heard().count(Kind::kInterrupted) == 8);
}

TEST_CASE("answers are true though Redis is frozen at any moment") {
  OnRedis on({}, [](auto& settings) { settings.probe_interval = 200ms; });
  Appends appends(*on.member);
  std::minstd_rand random(7);
  for (std::size_t round = 1; round <= 5; ++round) {
    appends.send(20);
    appends.collect();
    appends.send(200);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 12'000));
    on.server.freeze();
    appends.send(100);
    REQUIRE(on.member->heard().await_count(Kind::kInterrupted, round));
    appends.send(100);
    on.server.thaw();
    on.await_healed(1 + round);
    appends.collect();
  }
  CHECK(appends.stored() > 0);
  CHECK(appends.unknown() > 0);
  appends.check_against(on.member->page("room:1", 0, 1'000'000));
}

TEST_CASE("a frozen Redis is found by the probe, and appends are answered") {
  OnRedis on;
  REQUIRE(on.member->watch("room:1").has_value());
  on.server.freeze();
  const auto frozen = SteadyClock::now();
  auto append = on.member->append_later({});
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  CHECK(SteadyClock::now() - frozen < kFreezeLimit);
  const auto answer = await_answer(std::move(append), "append");
  REQUIRE(answer.has_error());
  CHECK(answer.error().kind == ErrorKind::kUnknown);
  CHECK(SteadyClock::now() - frozen < on.settings.publish_timeout);

  const auto refused = on.member->append({});
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == ErrorKind::kUnavailable);
  const auto health = on.member->health();
  CHECK(!health.up);
  CHECK(!health.reason.empty());

  on.server.thaw();
  on.await_healed(2);
  on.check_live("room:1");
  CHECK(on.member->health().up);
  CHECK(on.member->health().reason.empty());
}

TEST_CASE("an append that is late is unknown within the publish timeout") {
  OnRedis on({}, [](auto& settings) {
    settings.publish_timeout = 1s;
    settings.probe_interval = 30s;
  });
  on.server.freeze();
  const auto frozen = SteadyClock::now();
  const auto answer = on.member->append({});
  CHECK(SteadyClock::now() - frozen <= 1s);
  REQUIRE(answer.has_error());
  CHECK(answer.error().kind == ErrorKind::kUnknown);
  on.server.thaw();
}

TEST_CASE("a bus link that Redis cuts is healed in place") {
  OnRedis on;
  REQUIRE(on.member->watch("room:1").has_value());
  for (std::size_t round = 1; round <= 3; ++round) {
    on.server.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    REQUIRE(on.member->heard().await_count(Kind::kInterrupted, round));
    on.await_healed(1 + round);
    on.check_live("room:1");
  }
}

TEST_CASE("appends do not notice that the bus link alone was cut") {
  OnRedis on;
  Appends appends(*on.member);
  for (std::size_t round = 1; round <= 4; ++round) {
    appends.send(100);
    on.server.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    appends.send(100);
    REQUIRE(on.member->heard().await_count(Kind::kInterrupted, round));
    appends.send(100);
    on.await_healed(1 + round);
  }
  appends.collect();
  CHECK(appends.stored() == 1200);
}

TEST_CASE("a command link that Redis cuts is healed in place") {
  OnRedis on;
  REQUIRE(on.member->watch("room:1").has_value());
  on.server.command({"CLIENT", "KILL", "TYPE", "normal"});
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  on.await_healed(2);
  on.check_live("room:1");
}

TEST_CASE("interrupted comes before restored, and nothing is announced twice") {
  OnRedis on;
  REQUIRE(on.member->watch("room:1").has_value());
  for (int i = 0; i < 20; ++i) on.member->publish({});
  REQUIRE(
      on.member->heard().await_count(Kind::kAnnounced, 20));  // what is on its way may be lost with the link
  on.server.kill();
  on.server.start();
  on.await_healed(2);
  for (int i = 0; i < 20; ++i) on.member->publish({});
  REQUIRE(on.member->heard().await_count(Kind::kAnnounced, 40));
  std::string order;
  for (const Event& event : on.member->heard().events()) {
    const char kind = event.kind == Kind::kAnnounced ? 'a' : event.kind == Kind::kInterrupted ? 'i' : 'r';
    if (order.empty() || order.back() != kind) order.push_back(kind);
  }
  CHECK(order == "raira");
  CHECK(is_ascending(ids_of(on.member->heard().announced())));
}

TEST_CASE("ten thousand watches are live again within seconds") {
  OnRedis on;
  std::vector<std::future<Result<bool>>> watches;
  for (int i = 0; i < 10'000; ++i) watches.push_back(on.member->watch_later("many:" + std::to_string(i)));
  for (auto& watch : watches) REQUIRE(await_answer(std::move(watch), "watch").has_value());
  on.server.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  on.await_healed(2, 3s);
  for (const char* channel : {"many:0", "many:4999", "many:9999"}) on.check_live(channel);
  CHECK(on.server.list({"PUBSUB", "CHANNELS", "relay:bus:many:*"}).size() == 10'000);
}

TEST_CASE("reads and watches wait for Redis to come back") {
  OnRedis on;
  const MessageId id = on.member->publish({});
  on.server.kill();
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  auto watch = on.member->watch_later("room:1");
  auto read = on.member->read_later({query("room:1")});
  on.server.start();
  REQUIRE(await_answer(std::move(watch), "watch").has_value());
  const auto answer = await_answer(std::move(read), "read");
  REQUIRE(answer.has_value());
  CHECK(ids_of(answer->pages.at(0).messages) == std::vector<MessageId>{id});
  on.check_live("room:1");
}

TEST_CASE("reads and watches are refused when Redis stays away for their timeout") {
  OnRedis on({}, [](auto& settings) { settings.command_timeout = 700ms; });
  on.server.kill();
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  const auto asked = SteadyClock::now();
  auto watch = on.member->watch_later("room:1");
  const auto read = on.member->read({query("room:1")});
  REQUIRE(read.has_error());
  CHECK(read.error().kind == ErrorKind::kUnavailable);
  const auto watched = await_answer(std::move(watch), "watch");
  REQUIRE(watched.has_error());
  CHECK(watched.error().kind == ErrorKind::kUnavailable);
  CHECK(SteadyClock::now() - asked < 1s);
  // It is not watched then: the same may be asked again.
  on.server.start();
  REQUIRE(on.member->await_up());
  REQUIRE(on.member->watch("room:1").has_value());
  on.check_live("room:1");
}

TEST_CASE("an unwatch while Redis is away is remembered") {
  OnRedis on;
  REQUIRE(on.member->watch("room:1").has_value());
  REQUIRE(on.member->watch("room:2").has_value());
  on.server.kill();
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  on.member->unwatch("room:1");
  on.server.start();
  on.await_healed(2, 3s);
  on.member->publish({.channel = "room:1"});
  on.check_live("room:2");
  CHECK(on.member->heard().announced("room:1").empty());
  CHECK(on.server.command({"PUBSUB", "CHANNELS", "relay:bus:*"}) == "relay:bus:room:2");
}

TEST_CASE("the queue of commands is bounded by count and by bytes") {
  const bool by_count = GENERATE(true, false);
  OnRedis on({}, [&](auto& settings) {
    if (by_count) settings.max_pending_commands = 100;
    if (!by_count) settings.max_pending_bytes = 100'000;
  });
  on.server.freeze();
  std::vector<std::future<Result<hub::Appended>>> answers;
  for (int i = 0; i < 1'000; ++i) {
    answers.push_back(on.member->append_later({.data = std::string(by_count ? 10 : 60'000, 'x')}));
  }
  const auto last = await_answer(std::move(answers.back()), "append");
  answers.pop_back();
  REQUIRE(last.has_error());
  CHECK(last.error().kind == ErrorKind::kUnavailable);
  CHECK(last.error().code == "storage_queue_full");
  CHECK(on.member->metrics().get(metrics::Counter::kStorageQueueFull) >= 800);
  on.server.thaw();
  std::size_t stored = 0;
  for (auto& answer : answers) stored += await_answer(std::move(answer), "append").has_value() ? 1 : 0;
  CHECK(stored > 0);
  CHECK(stored < 200);
  CHECK(on.member->page("room:1").messages.size() == stored);
}

TEST_CASE("data that was lost begins a new epoch") {
  OnRedis on;
  const MessageId before = on.member->publish({});
  const auto first = on.member->read({});
  REQUIRE(first.has_value());
  CHECK(first->epoch <= before);

  on.server.command({"FLUSHALL"});
  // Streams that are open hear of it: they are to read, and will find the epoch.
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  on.await_healed(2);
  const auto second = on.member->read({query("room:1", before)});
  REQUIRE(second.has_value());
  CHECK(second->epoch > before);
  CHECK(second->last + 1 >= second->epoch);
  CHECK(on.member->publish({}) >= second->epoch);
}

TEST_CASE("a store that forgot its last writes begins a new epoch") {
  OnRedis on({.way = RedisWay::kTcp, .keep_data = false, .more = {}});
  const auto old_epoch = on.member->read({})->epoch;
  const std::string older = on.server.command({"GET", "relay:seq"});
  const MessageId lost = on.member->publish({});
  on.server.command({"SET", "relay:seq", older});  // as a replica that had not got them
  on.server.command({"DEL", "relay:log:room:1"});
  on.server.command({"CLIENT", "KILL", "TYPE", "normal"});
  on.await_healed(2);
  const auto answer = on.member->read({});
  CHECK(answer->epoch > old_epoch);
  CHECK(answer->epoch > lost);
}

TEST_CASE("a script that Redis forgot is sent again") {
  OnRedis on;
  const MessageId before = on.member->publish({});
  on.server.command({"SCRIPT", "FLUSH"});
  Appends appends(*on.member);
  appends.send(50);
  appends.collect();
  CHECK(appends.stored() == 50);
  CHECK(on.member->publish({}) > before);
  CHECK(on.member->heard().count(Kind::kInterrupted) == 0);
}

TEST_CASE("what Redis refuses is not stored") {
  OnRedis on({.way = RedisWay::kTcp, .keep_data = false, .more = {}});
  REQUIRE(on.member->watch("room:1").has_value());
  on.server.command({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused = on.member->append({});
  on.server.command({"CONFIG", "SET", "maxmemory", "0"});
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == ErrorKind::kUnavailable);
  CHECK(on.member->page("room:1").messages.empty());
  on.check_live("room:1");
  CHECK(on.member->heard().announced().size() == 1);
}

TEST_CASE("a server that turned read-only is left, and used again when it is not") {
  OnRedis on;
  on.server.command({"REPLICAOF", "127.0.0.1", "1"});
  const auto refused = on.member->append({});
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == ErrorKind::kUnavailable);
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, 1));
  on.server.command({"REPLICAOF", "NO", "ONE"});
  on.await_healed(2);
  CHECK(on.member->append({}).has_value());
}

TEST_CASE("Redis need not be there at the start") {
  RedisServer server;
  server.kill();
  Member member(0, redis_maker(server.settings()));
  member.start();
  auto watch = member.watch_later("room:1");
  const auto refused = member.append({});
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == ErrorKind::kUnavailable);
  CHECK(!member.health().up);
  server.start();
  REQUIRE(await_answer(std::move(watch), "watch").has_value());
  REQUIRE(member.heard().await_count(Kind::kRestored, 1));
  CHECK(member.heard().count(Kind::kInterrupted) == 0);
  member.publish({});
  CHECK(member.heard().await_count(Kind::kAnnounced, 1));
}

TEST_CASE("who is not let in says why and keeps trying") {
  const RedisWay way =
      GENERATE(RedisWay::kPassword, RedisWay::kAclUser, RedisWay::kTls, RedisWay::kTlsClientCertificate);
  RedisServer server({.way = way, .keep_data = false, .more = {}});
  redis::RedisSettings settings = server.settings();
  settings.server.password += "wrong";
  if (settings.server.tls) {
    settings.server.password.clear();
    if (way == RedisWay::kTls) settings.tls_ca_file.clear();  // the machine's own do not know this one
    settings.tls_cert_file.clear();
    settings.tls_key_file.clear();
  }
  Member member(0, redis_maker(settings));
  member.start();
  const auto until = SteadyClock::now() + kPatience;
  while (member.health().reason == "connecting" && SteadyClock::now() < until) std::this_thread::yield();
  const auto health = member.health();
  INFO(health.reason);
  CHECK(!health.up);
  CHECK(health.reason != "connecting");
  CHECK(health.reason.find("wrong") == std::string::npos);  // no secrets
  CHECK(member.append({}).has_error());
}

TEST_CASE("a certificate that nobody vouches for will do if it is said so") {
  RedisServer server({.way = RedisWay::kTls, .keep_data = false, .more = {}});
  redis::RedisSettings settings = server.settings();
  settings.tls_ca_file.clear();
  settings.server.skip_verify = true;
  Member member(0, redis_maker(settings));
  member.start();
  CHECK(member.await_up());
}

TEST_CASE("a certificate for another name is refused") {
  RedisServer server({.way = RedisWay::kTls, .keep_data = false, .more = {}});
  redis::RedisSettings settings = server.settings();
  settings.server.host = "localhost";  // the certificate says 127.0.0.1
  Member member(0, redis_maker(settings));
  member.start();
  const auto until = SteadyClock::now() + kPatience;
  while (member.health().reason == "connecting" && SteadyClock::now() < until) std::this_thread::yield();
  CHECK(!member.health().up);
  CHECK(member.health().reason.find("certificate") != std::string::npos);
}

TEST_CASE("another database is another store") {
  RedisServer server;
  redis::RedisSettings settings = server.settings();
  settings.server.database = 3;
  Member member(0, redis_maker(settings));
  member.start();
  REQUIRE(member.await_up());
  member.publish({});
  CHECK(server.command({"EXISTS", "relay:log:room:1"}) == "0");
}

// DEL stands for the expiry, which takes max_age and more.
TEST_CASE("a log that came and went is still known to have been") {
  OnRedis on;
  const MessageId before = on.member->publish({});
  const MessageId missed = on.member->publish({});
  CHECK(std::stoll(on.server.command({"PTTL", "relay:log:room:1"})) > 300'000);
  on.server.command({"DEL", "relay:log:room:1"});
  CHECK(on.member->page("room:1", before).gone == missed);
  CHECK(on.member->page("room:1", missed).gone <= missed);
  const MessageId later = on.member->publish({});
  CHECK(on.member->page("room:1", before).gone == missed);
  CHECK(on.member->page("room:1", missed).gone <= missed);
  CHECK(ids_of(on.member->page("room:1", before).messages) == std::vector<MessageId>{later});
}

TEST_CASE("every key but those of the store itself expires") {
  OnRedis on;
  hub::ChannelOptions counted;
  counted.max_bytes = 1'000;
  on.member->publish({.key = "k", .keep = counted});
  on.member->publish({.channel = "room:2", .ttl_ms = 0, .key = "k"});
  for (int i = 0; i < 100; ++i) on.member->publish({.data = std::string(100, 'x'), .keep = counted});
  const auto keys = on.server.list({"KEYS", "*"});
  CHECK(keys.size() >= 6);
  for (const std::string& key : keys) {
    INFO(key);
    const bool lasting =
        std::set<std::string>{"relay:seq", "relay:epoch", "relay:history", "relay:forks", "relay:layout"}
            .count(key) == 1;
    CHECK((on.server.command({"PTTL", key}) == "-1") == lasting);
  }
}

TEST_CASE("what is not a record is passed over") {
  OnRedis on;
  REQUIRE(on.member->watch("room:1").has_value());
  for (const char* bytes :
       {"", "!", "hello", "1 2 3", "1 60000 0 9 9 9 9\nshort", "9 9 9 9 9 9 99999999999999999999\n"}) {
    on.server.command({"PUBLISH", "relay:bus:room:1", bytes});
  }
  on.server.command({"ZADD", "relay:log:room:1", "5", "not a record", "6", "7 60000 0 9 9 9 9\nshort"});
  on.check_live("room:1");
  CHECK(on.member->heard().announced().size() == 1);
  CHECK(on.member->page("room:1").messages.size() == 1);
}

TEST_CASE("a log of another type is a gap in its channel and harms no other") {
  OnRedis on;
  on.server.command({"SET", "relay:log:room:1", "a string"});
  CHECK(on.member->append({}).has_error());
  const MessageId good = on.member->publish({.channel = "room:2"});
  const auto answer = on.member->read({query("room:1"), query("room:2"), query("room:3")});
  REQUIRE(answer.has_value());
  CHECK(answer->pages[0].messages.empty());
  CHECK(answer->pages[0].gone == answer->last);
  CHECK(ids_of(answer->pages[1].messages) == std::vector<MessageId>{good});
  CHECK(answer->pages[2].gone == 0);
}

TEST_CASE("stopping answers or drops, and lets go of Redis") {
  RedisServer server;
  {
    Member member(0, redis_maker(server.settings()));
    member.start();
    REQUIRE(member.await_up());
    for (int i = 0; i < 100; ++i) (void)member.append_later({});
  }
  const auto until = SteadyClock::now() + kPatience;
  const auto clients = [&] {
    return server.command({"CLIENT", "LIST"}).find("name=relayd") != std::string::npos;
  };
  while (clients() && SteadyClock::now() < until) std::this_thread::yield();
  CHECK(!clients());
}

}  // namespace
}  // namespace relay::test
