// Appends that go to Redis together: each has its own answer, a channel its order, and Redis little to do.
#include "storage/redis/append_queue.hpp"

#include "contracts/redis_backend.hpp"
#include "support/catch.hpp"
#include "support/redis_cluster.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;

struct OnRedis {
  OnRedis() : member(0, redis_maker(server.settings())) {
    member.start();
    REQUIRE(member.await_up());
  }
  // All in one turn of the loop.
  std::vector<Result<hub::Appended>> append_at_once(const std::vector<Publish>& publishes) {
    std::vector<std::future<Result<hub::Appended>>> futures;
    std::promise<void> all_are_there;
    member.post([wait = all_are_there.get_future().share()] { wait.wait(); });
    for (const Publish& publish : publishes) futures.push_back(member.append_later(publish));
    all_are_there.set_value();
    std::vector<Result<hub::Appended>> answers;
    for (auto& future : futures) answers.push_back(await_answer(std::move(future), "append"));
    return answers;
  }
  std::int64_t calls(const std::string& command) {
    const std::string stats = server.command({"INFO", "commandstats"});
    const std::string key = "cmdstat_" + command + ":calls=";
    const auto at = stats.find(key);
    return at == stats.npos ? 0 : std::stoll(stats.substr(at + key.size()));
  }
  RedisServer server;
  Member member;
};

TEST_CASE("what one turn brings is one script, and in order within each channel") {
  OnRedis on;
  for (const char* channel : {"a", "b", "c"}) REQUIRE(on.member.watch(channel).has_value());
  const auto before = on.calls("evalsha");
  std::vector<Publish> publishes;
  for (int i = 0; i < 60; ++i)
    publishes.push_back(
        {.channel = std::string(1, static_cast<char>('a' + i % 3)), .data = std::to_string(i)});
  const auto answers = on.append_at_once(publishes);
  CHECK(on.calls("evalsha") == before + 1);
  REQUIRE(on.member.heard().await_count(Event::Kind::kAnnounced, 60));
  CHECK(is_ascending(ids_of(on.member.heard().announced())));
  for (int c = 0; c < 3; ++c) {
    const auto page = on.member.page(publishes[static_cast<std::size_t>(c)].channel);
    REQUIRE(page.messages.size() == 20);
    for (int i = 0; i < 20; ++i) {
      const auto at = static_cast<std::size_t>(3 * i + c);
      CHECK(page.messages[static_cast<std::size_t>(i)]->data() == publishes[at].data);
      REQUIRE(answers[at].has_value());
      CHECK(page.messages[static_cast<std::size_t>(i)]->id() == answers[at]->id);
    }
  }
}

TEST_CASE("a flood goes out in few scripts, and none is too large") {
  OnRedis on;
  const auto before = on.calls("evalsha");
  std::vector<Publish> publishes(1'000, Publish{.channel = "a"});
  for (const auto& answer : on.append_at_once(publishes)) CHECK(answer.has_value());
  CHECK(on.calls("evalsha") - before >= 8);
  CHECK(on.calls("evalsha") - before <= 20);
  const auto small = on.calls("evalsha");
  publishes.assign(20, Publish{.channel = "a", .data = std::string(100'000, 'x')});
  for (const auto& answer : on.append_at_once(publishes)) CHECK(answer.has_value());
  CHECK(on.calls("evalsha") - small >= 10);
}

TEST_CASE("each of a batch succeeds or fails alone") {
  OnRedis on;
  on.server.command({"SET", "relay:log:bad", "a string"});
  on.server.command({"HSET", "relay:last:odd", "a", "hash"});
  on.server.command({"HSET", "relay:bytes:odd", "a", "hash"});
  on.server.command({"HSET", "relay:idem:bad:" + redis::short_hash("k"), "a", "hash"});
  REQUIRE(on.member.append({.data = "first", .key = "known"}).has_value());
  hub::ChannelOptions counted;
  counted.max_bytes = 100'000;
  const auto answers = on.append_at_once({{.data = "1"},
                                          {.channel = "bad", .data = "2"},
                                          {.data = "first", .key = "known"},
                                          {.channel = "bad", .data = "4"},
                                          {.data = "other", .key = "known"},
                                          {.channel = "odd", .data = "6", .keep = counted},
                                          {.channel = "bad", .data = "7", .ttl_ms = 0},
                                          {.channel = "bad", .data = "8", .key = "k"},
                                          {.data = "9", .key = "fresh"},
                                          {.data = "10"}});
  const auto code = [&](std::size_t i) { return answers[i] ? std::string() : answers[i].error().code; };
  CHECK(code(0).empty());
  CHECK(code(1) == "storage_error");
  CHECK(answers[1].error().kind == ErrorKind::kUnavailable);
  REQUIRE(code(2).empty());
  CHECK(answers[2]->repeated);
  CHECK(code(3) == "storage_error");
  CHECK(code(4) == "idempotency_conflict");
  CHECK(code(5).empty());
  CHECK(code(6).empty());  // it is not kept, so its log does not matter
  CHECK(code(7) == "storage_error");
  CHECK(code(8).empty());
  CHECK(code(9).empty());
  std::vector<std::string> kept;
  for (const auto& message : on.member.page("room:1").messages) kept.emplace_back(message->data());
  CHECK(kept == std::vector<std::string>{"first", "1", "9", "10"});
  CHECK(on.member.page("odd").messages.size() == 1);
  CHECK(std::stoll(on.server.command({"PTTL", "relay:last:odd"})) > 0);
  CHECK(std::stoll(on.server.command({"PTTL", "relay:bytes:odd"})) > 0);
}

TEST_CASE("a channel that may not be announced is not kept either") {
  OnRedis on;
  REQUIRE(on.server.command({"ACL", "SETUSER", "few", "on", "nopass", "~*", "+@all", "resetchannels",
                             "&relay:probe:*", "&relay:bus:good"}) == "OK");
  redis::RedisSettings settings = on.server.settings();
  settings.server.username = "few";
  settings.server.password = "any";
  Member few(1, redis_maker(settings));
  few.start();
  REQUIRE(few.await_up());
  const auto refused = few.append({.channel = "bad"});
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == ErrorKind::kUnavailable);
  CHECK(few.append({.channel = "good"}).has_value());
  CHECK(on.server.command({"EXISTS", "relay:log:bad"}) == "0");
  CHECK(on.server.command({"EXISTS", "relay:last:bad"}) == "0");
}

// The clock of Redis cannot be set, so the keys' own expiries are: what renews them is seen.
TEST_CASE("expiries are renewed by the first append of a span, and by one that begins a log") {
  OnRedis on;
  hub::ChannelOptions keep;
  keep.max_age = 1'600ms;  // a span is 100 ms
  const Publish publish{.channel = "a", .ttl_ms = 1'000, .keep = keep};
  const auto ttl = [&] { return std::stoll(on.server.command({"PTTL", "relay:log:a"})); };
  const auto cut = [&] { on.server.command({"PEXPIRE", "relay:log:a", "20000"}); };
  const auto renewals = [&] { return on.calls("pexpire"); };
  on.member.publish(publish);
  CHECK(ttl() > 30'000);
  // Until the span has passed since the age was first used each one renews.
  cut();
  await_condition(
      [&] {
        on.member.publish(publish);
        return ttl() > 30'000;
      },
      "it is renewed");
  await_condition(
      [&] {
        const auto before = renewals();
        on.member.publish(publish);
        on.member.publish(publish);
        return renewals() - before < 4;
      },
      "two share a renewal");
  cut();
  await_condition(
      [&] {
        on.member.publish(publish);
        return ttl() > 30'000;
      },
      "the next span renews");
  on.server.command({"DEL", "relay:log:a"});
  on.member.publish(publish);
  CHECK(ttl() > 30'000);
}

// Ids go on from the last one then, and tell nothing of when it was.
TEST_CASE("with a clock that was set back each append renews") {
  OnRedis on;
  on.member.publish({.channel = "a"});
  on.server.command({"INCRBY", "relay:seq", std::to_string(first_id_at(3'600'000))});
  for (int i = 0; i < 3; ++i) {
    on.member.publish({.channel = "a"});
    on.server.command({"PEXPIRE", "relay:log:a", "1000"});
    on.member.publish({.channel = "a"});
    CHECK(std::stoll(on.server.command({"PTTL", "relay:log:a"})) > 30'000);
  }
}

}  // namespace
}  // namespace relay::test
