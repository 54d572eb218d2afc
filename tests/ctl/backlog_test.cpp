// backlog list, show, get, count, trim and rm, and channels purge: what they print and what they do to a real
// Redis.
#include "ctl/stored_fixture.hpp"

#include "support/catch.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

namespace relay::test {

using namespace std::chrono_literals;

TEST_CASE("backlog list names channels with their messages") {
  StoredFixture f;
  CHECK(f.ctl.good({"backlog", "list"}).out == "CHANNEL  MESSAGES  MEMORY  NEWEST  EXPIRES IN\n");
  const auto ids = f.ctl.store("news:a", numbered(3));
  f.ctl.store("chat", numbered(2));
  const auto rows = f.ctl.good({"backlog", "list", "-o", "json"}).json();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["channel"] == "chat");
  CHECK(rows[1]["channel"] == "news:a");
  CHECK(rows[1]["messages"] == 3);
  CHECK(rows[1]["first_id"] == ids.front());
  CHECK(rows[1]["last_id"] == ids.back());
  CHECK(rows[1]["oldest"] == rfc3339(id_time_ms(ids.front())));
  CHECK(rows[1]["memory"].get<int>() > 0);
  CHECK(rows[1]["expires_in_ms"].get<int>() > 300'000);
  const std::string table = f.ctl.good({"backlog", "list", "--pattern", "news:*"}).out;
  CHECK(has(table, "news:a"));
  CHECK_FALSE(has(table, "chat"));
  CHECK(f.ctl.good({"backlog", "list", "-o", "name"}).out == "chat\nnews:a\n");
}

TEST_CASE("a channel whose name is a pattern is found by itself alone") {
  StoredFixture f;
  f.ctl.store("a*b", numbered(1));
  f.ctl.store("axb", numbered(1));
  CHECK(f.ctl.good({"backlog", "list", "--pattern", "a\\*b", "-o", "name"}).out == "a*b\n");
}

TEST_CASE("backlog show and get print messages as they are") {
  StoredFixture f;
  f.ctl.good({"backlog", "import", "-"},
             R"({"channel":"c","data":"two\nlines \u0000 \"q\" é","event":"note"})"
             "\n"
             R"({"channel":"c","data":{"n":1}})"
             "\n");
  const auto ids = f.ctl.ids("c");
  const auto rows = f.ctl.good({"backlog", "show", "c", "-o", "json"}).json();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["event"] == "note");
  CHECK(rows[0]["data"] == std::string("two\nlines \0 \"q\" é", 18));
  CHECK(rows[0]["json"] == false);
  CHECK(rows[1]["data"]["n"] == 1);
  CHECK(rows[1]["json"] == true);
  CHECK(rows[1]["time"] == rfc3339(id_time_ms(ids[1])));
  CHECK(rows[1]["ttl_ms"] == 300'000);
  const std::string table = f.ctl.good({"backlog", "show", "c"}).out;
  CHECK(has(table, "two\\nlines \\x00"));
  CHECK(has(table, std::to_string(ids[0])));

  CHECK(f.ctl.good({"backlog", "get", "c", std::to_string(ids[0]), "--raw"}).out ==
        std::string("two\nlines \0 \"q\" é", 18));
  CHECK(f.ctl.good({"backlog", "get", "c", std::to_string(ids[1]), "-o", "json"}).json()["data"]["n"] == 1);
  CHECK(has(f.ctl.good({"backlog", "get", "c", std::to_string(ids[0])}).out, "EVENT"));
  const auto missing = f.ctl.run({"backlog", "get", "c", std::to_string(ids[1] + 1)});
  CHECK(missing.exit == 1);
  CHECK(missing.out.empty());
  CHECK(has(missing.err, "the channel's last message is " + std::to_string(ids[1])));
  CHECK(f.ctl.run({"backlog", "get", "c", "x"}).exit == 64);
}

TEST_CASE("backlog show begins where it is told and says that more follows") {
  StoredFixture f;
  const auto ids = f.ctl.store("c", numbered(500));
  const auto some =
      f.ctl.good({"backlog", "show", "c", "--from", std::to_string(ids[250]), "--limit", "3", "-o", "jsonl"});
  REQUIRE(some.lines().size() == 3);
  CHECK(some.lines()[0]["id"] == ids[250]);
  CHECK(has(some.err, "--from " + std::to_string(ids[253])));
  CHECK(f.ctl.good({"backlog", "show", "c", "-o", "jsonl"}).lines().size() == 100);
  CHECK(
      f.ctl.good({"backlog", "show", "c", "--from", "1h", "--limit", "1000", "-o", "jsonl"}).lines().size() ==
      500);
  CHECK(f.ctl.run({"backlog", "show", "c", "--from", "soon"}).exit == 64);
}

TEST_CASE("destructive verbs need a yes and do nothing in a dry run") {
  StoredFixture f;
  const auto ids = f.ctl.store("c", numbered(10));
  const std::vector<std::vector<std::string>> all{{"backlog", "trim", "c", "--max-len", "3"},
                                                  {"backlog", "rm", "c", std::to_string(ids[4])},
                                                  {"channels", "purge", "c"}};
  for (auto words : all) {
    const auto refused = f.ctl.run(words);
    CHECK(refused.exit == 64);
    CHECK(has(refused.err, "will be removed"));
    words.emplace_back("--dry-run");
    CHECK(f.ctl.run(words).exit == 0);
    CHECK(f.ctl.ids("c") == ids);
  }
  CHECK(f.ctl.run({"backlog", "trim", "c", "-y"}).exit == 64);
  CHECK(f.ctl.run({"channels", "purge", "-y"}).exit == 64);
}

TEST_CASE("backlog trim keeps the newest and remembers what went") {
  StoredFixture f;
  const auto ids = f.ctl.store("c", numbered(1200));  // more than one step
  const auto done = f.ctl.good({"backlog", "trim", "c", "--max-len", "10", "-y", "-o", "json"}).json();
  REQUIRE(done.size() == 1);
  const int kept_before = static_cast<int>(ids.size());
  CHECK(done[0]["removed"] == kept_before - 10);
  CHECK(done[0]["kept"] == 10);
  CHECK(f.ctl.ids("c") == std::vector<MessageId>(ids.end() - 10, ids.end()));
  CHECK(f.ctl.count("c")["gone_id"] == ids[ids.size() - 11]);
  CHECK(f.ctl.run({"backlog", "verify", "c"}).exit == 0);
  CHECK(has(f.ctl.good({"backlog", "trim", "c", "--max-len", "10", "-y"}).err, "nothing to remove"));
  CHECK(f.ctl.good({"backlog", "trim", "c", "--older-than", "1h", "-y", "-o", "json"}).json().empty());
  CHECK(f.ctl.good({"backlog", "trim", "c", "--older-than", "0", "-y", "-o", "json"}).json()[0]["removed"] ==
        10);
  CHECK(f.redis.command({"EXISTS", "relay:log:c"}) == "0");
  CHECK(f.redis.command({"GET", "relay:last:c"}) == std::to_string(ids.back()));
}

TEST_CASE("backlog rm takes messages out of the middle") {
  StoredFixture f;
  const auto ids = f.ctl.store("c", numbered(5));
  const auto done =
      f.ctl.good({"backlog", "rm", "c", std::to_string(ids[1]), std::to_string(ids[3]), "-y", "-o", "json"})
          .json();
  REQUIRE(done.size() == 2);
  CHECK(done[0]["id"] == ids[1]);
  CHECK(done[1]["done"] == true);
  CHECK(f.ctl.ids("c") == std::vector<MessageId>{ids[0], ids[2], ids[4]});
  CHECK(f.ctl.count("c")["removed"] == 2);
  CHECK(has(f.ctl.run({"backlog", "get", "c", std::to_string(ids[1])}).err, "it was removed"));
  const auto again = f.ctl.run({"backlog", "rm", "c", std::to_string(ids[1]), std::to_string(ids[0]), "-y"});
  CHECK(again.exit == 1);
  CHECK(has(again.err, "there is no message " + std::to_string(ids[1])));
  CHECK(f.ctl.ids("c") == std::vector<MessageId>{ids[2], ids[4]});
  CHECK(f.ctl.run({"backlog", "verify", "c"}).exit == 0);
}

TEST_CASE("channels purge clears by name and by pattern") {
  StoredFixture f;
  f.ctl.store("test:a", numbered(3));
  f.ctl.store("test:b", numbered(4));
  const auto kept = f.ctl.store("prod", numbered(2));
  const auto done = f.ctl.good({"channels", "purge", "--pattern", "test:*", "-y", "-o", "json"}).json();
  REQUIRE(done.size() == 2);
  CHECK(done[0]["removed"] == 3);
  CHECK(done[1]["removed"] == 4);
  CHECK(f.ctl.good({"backlog", "list", "-o", "name"}).out == "prod\n");
  CHECK(f.ctl.good({"channels", "purge", "prod", "--older-than", "1h", "-y", "-o", "json"}).json().empty());
  CHECK(f.ctl.ids("prod") == kept);
  f.ctl.store("test:a", numbered(1));
  CHECK(f.ctl.count("test:a")["gone_id"].is_number());  // a log that begins anew knows that one ended
}

// Whoever comes back with a cursor from before is told, whatever way it went.
TEST_CASE("readers with older cursors are told of what relayctl removed") {
  StoredFixture f;
  RelaydProcess relayd(redis_settings(f.redis));
  relayd.await_ready();
  const auto gaps_after = [&](MessageId cursor) {
    StreamSet set;
    Stream& stream =
        set.open(relayd.port(), Wire::kSseJson, "channel=c&lastEventId=" + std::to_string(cursor));
    const MessageId end = f.ctl.store("c", {"end"}).back();
    REQUIRE(set.run_until([&] { return stream.last_id() == end; }, 15s));
    return stream.count(Item::Kind::kGap);
  };
  f.ctl.store("c", numbered(20));
  auto ids = f.ctl.ids("c");
  CHECK(gaps_after(ids[2]) == 0);

  f.ctl.good({"backlog", "rm", "c", std::to_string(ids[5]), "-y"});
  CHECK(gaps_after(ids[2]) == 1);
  CHECK(gaps_after(ids[5]) == 0);

  f.ctl.good({"backlog", "trim", "c", "--max-len", "4", "-y"});
  ids = f.ctl.ids("c");
  CHECK(gaps_after(ids[0] - 1) == 0);
  CHECK(gaps_after(ids[0] - 4096) == 1);

  const MessageId last = f.ctl.ids("c").back();
  f.ctl.good({"channels", "purge", "c", "-y"});
  CHECK(gaps_after(ids[0]) == 1);
  CHECK(gaps_after(last) == 0);
}

TEST_CASE("a store that is away is told in three lines") {
  const Ctl ctl(std::vector<std::string>{"--redis", "redis://127.0.0.1:1"});
  const auto away = ctl.run({"backlog", "list"});
  CHECK(away.exit == 69);
  CHECK(away.out.empty());
  CHECK(has(away.err, "the store at 127.0.0.1:1 does not answer\n  127.0.0.1:1: cannot connect"));
  const auto nowhere = Ctl().run({"backlog", "list"});
  CHECK(nowhere.exit == 78);
  CHECK(has(nowhere.err, "--redis redis://HOST:PORT"));
}

TEST_CASE("a frozen store is given up in time") {
  StoredFixture f;
  f.redis.freeze();
  const auto frozen = f.ctl.run({"backlog", "list", "--timeout", "700ms"});
  f.redis.thaw();
  CHECK(frozen.exit == 69);
}

}  // namespace relay::test
