// backlog export and import: bytes and ids there and back, into stores of every kind, while relayd serves
// them.
#include "ctl/stored_fixture.hpp"

#include <algorithm>
#include <utility>

#include "support/catch.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

namespace relay::test {

using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

// Without its first line, which holds the time.
std::string body_of(const std::string& text) {
  return text.substr(text.find('\n') + 1);
}

// Awkward payloads, texts and JSON, on several channels.
std::string awkward_lines(int count) {
  std::string all_bytes;
  for (int c = 0; c < 128; ++c) all_bytes += static_cast<char>(c);
  const std::vector<Json> payloads{Json(""), Json(all_bytes), Json("{\"not\": json"), Json("é€😀\u2028"),
                                   Json(std::string(3000, 'x'))};
  std::string lines;
  for (int i = 0; i < count; ++i) {
    Json line{{"channel", "ch:" + std::to_string(i % 7)},
              {"event", i % 3 == 0 ? "" : "event " + std::to_string(i)}};
    if (i % 2 == 0) {
      line["data"] = payloads[static_cast<std::size_t>(i / 2) % payloads.size()];
    } else {
      line["data"] =
          "{ \"n\" : " + std::to_string(i) + ".0e0,  \"s\":\"\\u00e9\" }";  // its spelling must not change
      line["json"] = true;
    }
    if (i % 5 == 0) line["exclude"] = {"a.1", "b:2"};
    if (i % 11 == 0) line["trace"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    lines += line.dump() + "\n";
  }
  return lines;
}

// As a store: export, then import there with the ids.
struct Twin {
  StoredFixture from, to;
  std::string text() const { return from.ctl.good({"backlog", "export", "--all"}).out; }
  Json import(const std::string& exported) const {
    return to.ctl.good({"backlog", "import", "-", "--preserve-ids", "--verify", "-o", "json"}, exported)
        .json();
  }
};

}  // namespace

TEST_CASE("10,000 messages go to an empty store and come back the same") {
  Twin twin;
  // A channel keeps 1,000 messages and an eighth more: the rest was trimmed before it was looked for, and
  // that is told.
  const auto first =
      twin.from.ctl.run({"backlog", "import", "-", "--verify", "-o", "json"}, awkward_lines(10'000));
  CHECK(first.exit == 1);
  const auto stored = first.json();
  CHECK(stored["stored"] == 10'000);
  CHECK(stored["announced"] == 10'000);
  const std::string exported = twin.text();
  const auto report = twin.import(exported);
  CHECK(report["missing"] == 0);
  CHECK(report["stored"] == report["read"]);
  CHECK(report["read"].get<int>() >= 7'000);
  CHECK(report["read"].get<int>() == 10'000 - stored["missing"].get<int>());
  CHECK(body_of(twin.to.ctl.good({"backlog", "export", "--all"}).out) == body_of(exported));
  CHECK(twin.to.ctl.run({"backlog", "verify"}).exit == 0);
  for (const char* key : {"relay:seq", "relay:epoch", "relay:last:ch:3"}) {
    CHECK(twin.to.redis.command({"GET", key}) == twin.from.redis.command({"GET", key}));
  }
  CHECK(twin.to.redis.list({"ZRANGE", "relay:log:ch:3", "0", "-1", "WITHSCORES"}) ==
        twin.from.redis.list({"ZRANGE", "relay:log:ch:3", "0", "-1", "WITHSCORES"}));
  // Once more: all of it is there.
  CHECK(twin.import(exported)["there"] == report["read"]);
}

TEST_CASE("bytes that are no text survive an export") {
  Twin twin;
  twin.from.ctl.store("c", {"first"});
  const std::string id = twin.from.redis.command({"GET", "relay:seq"});
  const std::string later = std::to_string(std::stoull(id) + 1);
  const std::string record = later + " 300000 0 0 0 0 0\n\xff\xfe\x80 \x01";
  twin.from.redis.command({"ZADD", "relay:log:c", later, record});
  twin.from.redis.command({"SET", "relay:seq", later});
  const std::string exported = twin.text();
  CHECK(has(exported, "\"data_base64\":\"//6AIAE=\""));
  twin.import(exported);
  CHECK(twin.to.redis.list({"ZRANGE", "relay:log:c", "-1", "-1"}) == std::vector<std::string>{record});
  const auto refused = twin.to.ctl.run({"backlog", "import", "-"}, exported);
  CHECK(refused.exit == 65);
  CHECK(has(refused.err, "no UTF-8"));
}

TEST_CASE("a purged channel comes back, and cursors from before go on in it") {
  StoredFixture f;
  RelaydProcess relayd(redis_settings(f.redis));
  relayd.await_ready();
  const auto ids = f.ctl.store("c", numbered(30));
  f.ctl.good({"backlog", "trim", "c", "--max-len", "20", "-y"});
  const std::string exported = f.ctl.good({"backlog", "export", "c"}).out;
  f.ctl.good({"channels", "purge", "c", "-y"});
  const auto report =
      f.ctl.good({"backlog", "import", "-", "--preserve-ids", "--verify", "-o", "json"}, exported).json();
  CHECK(report["stored"] == 20);
  CHECK(report["announced"] == 0);
  CHECK(f.ctl.ids("c") == std::vector<MessageId>(ids.begin() + 10, ids.end()));
  const auto heard_after = [&](MessageId cursor) {
    StreamSet set;
    Stream& stream =
        set.open(relayd.port(), Wire::kSseJson, "channel=c&lastEventId=" + std::to_string(cursor));
    REQUIRE(set.run_until([&] { return stream.last_id() == ids.back(); }));
    return std::pair(stream.count(Item::Kind::kMessage), stream.count(Item::Kind::kGap));
  };
  CHECK(heard_after(ids[15]) == std::pair<std::size_t, std::size_t>(14, 0));
  CHECK(heard_after(ids[2]) ==
        std::pair<std::size_t, std::size_t>(20, 1));  // what the trimming took is still told
  CHECK(f.ctl.run({"backlog", "verify"}).exit == 0);
}

TEST_CASE("a message that was removed is told as gone after a transfer, and comes back by an older export") {
  Twin twin;
  const auto ids = twin.from.ctl.store("c", numbered(5));
  const std::string whole = twin.text();
  twin.from.ctl.good({"backlog", "rm", "c", std::to_string(ids[2]), "-y"});
  twin.import(twin.text());
  CHECK(twin.to.ctl.ids("c").size() == 4);
  CHECK(twin.to.ctl.count("c")["gone_id"] == ids[2]);
  const auto report = twin.import(whole);
  CHECK(report["stored"] == 1);
  CHECK(report["there"] == 4);
  CHECK(twin.to.ctl.ids("c") == ids);
  CHECK(twin.to.ctl.count("c")["gone_id"].is_null());
  CHECK(twin.to.ctl.run({"backlog", "verify"}).exit == 0);
}

TEST_CASE(
    "a store that has data takes newer ids, announced in order, and refuses what is older than its life") {
  Twin twin;
  twin.to.ctl.store("other", numbered(3));  // begins its life here
  const std::string epoch = twin.to.redis.command({"GET", "relay:epoch"});
  RelaydProcess relayd(redis_settings(twin.to.redis));
  relayd.await_ready();
  StreamSet set;
  Stream& stream = set.open(relayd.port(), Wire::kSseJson, "channel=c&channel=d");
  REQUIRE(set.await_live());

  twin.from.ctl.store("c", numbered(10));
  twin.from.ctl.store("d", numbered(10));
  const auto report = twin.import(twin.text());
  CHECK(report["stored"] == 20);
  CHECK(report["announced"] == 20);
  const MessageId last = twin.from.ctl.ids("d").back();
  REQUIRE(set.run_until([&] { return stream.last_id() == last; }));
  MessageId before = 0;
  for (const Item& item : stream.items()) {
    CHECK((item.kind != Item::Kind::kMessage || item.id > before));
    before = std::max(before, item.id);
  }
  CHECK(stream.count(Item::Kind::kMessage) == 20);
  CHECK(twin.to.redis.command({"GET", "relay:epoch"}) == epoch);
  CHECK(std::stoull(twin.to.redis.command({"GET", "relay:seq"})) >= last);

  // A store whose life begins now has no place for them.
  StoredFixture young;
  young.ctl.store("x", {"first of its life"});
  const auto refused = young.ctl.run({"backlog", "import", "-", "--preserve-ids"}, twin.text());
  CHECK(refused.exit == 65);
  CHECK(has(refused.err, "20 of 20 messages are older than the life of the store's data"));
  CHECK(young.redis.command({"EXISTS", "relay:log:c"}) == "0");
  // Under new ids they are welcome, once.
  CHECK(young.ctl.good({"backlog", "import", "-", "--verify", "-o", "json"}, twin.text()).json()["stored"] ==
        20);
  CHECK(young.ctl.good({"backlog", "import", "-", "-o", "json"}, twin.text()).json()["there"] == 20);
  CHECK(young.ctl.ids("c").size() == 10);
}

TEST_CASE("what would break the order of ids is refused before anything is written") {
  StoredFixture f;
  const auto ids = f.ctl.store("c", numbered(2));
  const auto refused = [&](const std::string& lines, std::string_view why) {
    const auto done = f.ctl.run({"backlog", "import", "-", "--preserve-ids"}, lines);
    CHECK(done.exit == 65);
    INFO(done.err);
    CHECK(has(done.err, why));
    CHECK(f.ctl.ids("c") == ids);
    CHECK(f.ctl.ids("d").empty());
  };
  const auto line = [](const char* channel, MessageId id) {
    return Json{{"channel", channel}, {"id", id}, {"data", "x"}}.dump() + "\n";
  };
  refused(line("d", ids[1]), "is taken");
  refused(line("d", ids[1] + 5) + line("c", ids[1] + 5), "is in the file twice");
  refused(line("d", kMaxId), "ahead of the store's clock");
  refused("{\"channel\":\"d\",\"data\":\"x\"}\n", "without an id");
  refused("{\"relay_export\":1,\"bounds\":[{\"epoch\":1,\"last\":2},{\"epoch\":1,\"last\":2}]}\n" +
              line("d", ids[1] + 5),
          "2 partitions");
  refused("{\"channel\":\"d d\",\"data\":\"x\"}\n", "line 1");
  refused(line("d", ids[1] + 5) + "[]\n", "line 2: it is no JSON object");
  refused("{\"channel\":\"d\",\"data\":\"{\",\"json\":true}\n", "is no JSON");
  CHECK(f.ctl.run({"backlog", "import", "/nowhere/file"}).exit == 66);
  CHECK(has(f.ctl.run({"backlog", "import", "-", "--preserve-ids", "--dry-run"}, line("d", ids[1] + 5)).err,
            "1 message of 1 channel with their ids"));
  CHECK(f.ctl.ids("d").empty());
}

TEST_CASE("an export names its channels and its limits") {
  StoredFixture f;
  f.ctl.store("a:1", numbered(2));
  f.ctl.store("b:1", numbered(2));
  CHECK(f.ctl.good({"backlog", "export", "--pattern", "a:*"}).lines().size() == 4);  // header, two, history
  CHECK(f.ctl.good({"backlog", "export", "a:1", "b:1"}).lines().size() == 7);
  CHECK(f.ctl.good({"backlog", "export", "nothing"}).lines().size() == 2);
  CHECK(f.ctl.run({"backlog", "export"}).exit == 64);
  CHECK(f.ctl.run({"backlog", "export", "--all", "-o", "csv"}).exit == 64);
  const auto header = f.ctl.good({"backlog", "export", "--all"}).lines().front();
  CHECK(header["relay_export"] == 1);
  CHECK(header["partitions"] == 1);
  CHECK(header["bounds"][0]["last"].dump() == f.redis.command({"GET", "relay:seq"}));
}

}  // namespace relay::test
