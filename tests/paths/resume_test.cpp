// Path 3: resume. Every kept message after a cursor once and in order, whatever the channels; what is missing
// is told.
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/checker.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using Json = nlohmann::json;
using relay::MessageId;

namespace {

struct Stage {
  StorageUnderTest storage;
  RelaydProcess relayd{storage.settings({{"channel.max_count", "100000"},
                                         {"namespace.few.max_count", "5"},
                                         {"namespace.small.max_bytes", "2KiB"},
                                         {"namespace.brief.max_age", "400ms"}})};
  Stage() { relayd.await_ready(); }
  std::uint16_t port() const { return relayd.port(); }
};

Stage& stage() {
  static Stage one;
  return one;
}

MessageId publish_with(HttpClient& client, const std::string& channel, std::string_view body) {
  const HttpAnswer answer = client.request("POST", "/v1/channels/" + channel + "/messages", {}, body);
  if (answer.status != 201) return 0;
  return Json::parse(answer.body).at("id").get<MessageId>();
}

MessageId publish(const std::string& channel, std::string_view body) {
  HttpClient client(stage().port());
  const MessageId id = publish_with(client, channel, body);
  REQUIRE(id != 0);
  return id;
}

// Publishes to random channels on a thread of its own until stopped.
class Traffic {
 public:
  Traffic(std::vector<std::string> channels, Checker& checker, unsigned seed)
      : thread_([this, channels = std::move(channels), &checker, seed] {
          std::mt19937 random(seed);
          HttpClient client(stage().port());
          for (int i = 0; !stopped_; ++i) {
            const std::string& channel = channels[random() % channels.size()];
            const std::string payload = channel + " " + std::to_string(i);
            if (const MessageId id = publish_with(client, channel, payload); id != 0)
              checker.acknowledged(channel, id, payload);
          }
        }) {}
  ~Traffic() { stop(); }
  void stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

std::string query_of(const std::vector<std::string>& channels) {
  std::string query;
  for (const std::string& channel : channels) query += (query.empty() ? "channel=" : "&channel=") + channel;
  return query;
}

std::vector<std::string> names(const std::string& prefix, int count) {
  std::vector<std::string> channels;
  for (int i = 0; i < count; ++i) channels.push_back(prefix + std::to_string(i));
  return channels;
}

const Item* first_gap(const Stream& stream) {
  for (const Item& item : stream.items()) {
    if (item.kind == Item::Kind::kGap) return &item;
  }
  return nullptr;
}

}  // namespace

// One client that is cut off again and again, asks for its channels in another order and for fewer of them
// each time, while messages flow: what it got on all its connections together is judged as one.
TEST_CASE("Resume on 1, 60, 255 and 1,000 channels, reordered and shortened, while messages flow") {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  const int count = GENERATE(1, 60, 255, 1000);
  const Wire wire = GENERATE(Wire::kSseJson, Wire::kWsJson);
  INFO("seed " << seed << ", channels " << count << (wire == Wire::kWsJson ? ", WebSocket" : ", SSE"));
  std::vector<std::string> channels = names(
      "r" + std::to_string(seed) + "-" + std::to_string(count) + (wire == Wire::kWsJson ? "w" : "s"), count);
  const std::set<std::string> all(channels.begin(), channels.end());
  Checker checker;
  std::vector<Item> got;
  MessageId cursor = publish(channels[0], "zero");
  checker.acknowledged(channels[0], cursor, "zero");
  const MessageId begin = cursor;
  // Each round keeps the channels of the next and is judged on its own channels up to its end.
  Traffic traffic(channels, checker, seed);
  const auto connect = [&](StreamSet& streams) -> Stream& {
    if (wire == Wire::kWsJson)
      return streams.open(stage().port(), wire, query_of(channels) + "&after=" + std::to_string(cursor));
    return streams.open(stage().port(), wire, query_of(channels),
                        {{"Last-Event-ID", std::to_string(cursor)}});
  };
  for (int round = 0; round < 6; ++round) {
    StreamSet streams;
    Stream& stream = connect(streams);
    const std::size_t wanted = 30 + random() % 60;
    REQUIRE(
        streams.run_until([&] { return stream.count(Item::Kind::kMessage) >= wanted || stream.ended(); }));
    REQUIRE(stream.live());
    if (wire == Wire::kWsJson) CHECK(stream.find("subscribed")->recovered);
    got.insert(got.end(), stream.items().begin(), stream.items().end());
    cursor = stream.last_id();
    std::shuffle(channels.begin(), channels.end(), random);
    if (channels.size() > 3 && round % 2 == 1) channels.resize(channels.size() - channels.size() / 10);
  }
  traffic.stop();
  StreamSet streams;
  Stream& last = connect(streams);
  const std::set<std::string> remaining(channels.begin(), channels.end());
  const std::size_t left = checker.count(remaining, cursor);
  REQUIRE(streams.run_until([&] { return last.count(Item::Kind::kMessage) >= left && last.live(); }));
  streams.run_for(std::chrono::milliseconds(50));  // anything that should not come has its chance
  got.insert(got.end(), last.items().begin(), last.items().end());
  // Channels that stayed to the end: whole from the first cursor. Those given up were judged for order and
  // repetition.
  std::vector<Item> stayed;
  for (const Item& item : got) {
    if (item.kind == Item::Kind::kGap || remaining.count(item.channel) != 0) stayed.push_back(item);
  }
  CHECK(checker.judge(stayed, remaining, begin) == "");
  std::vector<Item> order = got;
  MessageId previous = begin;
  for (const Item& item : order) {
    if (item.kind != Item::Kind::kMessage) continue;
    REQUIRE(item.id > previous);
    REQUIRE(all.count(item.channel) == 1);
    previous = item.id;
  }
}

TEST_CASE("All spellings of the cursor are one; the header wins over the query") {
  const MessageId first = publish("spell", "1");
  publish("spell", "2");
  const std::string id = std::to_string(first);
  for (const std::string& query :
       std::vector<std::string>{"&last_event_id=" + id, "&lastEventId=" + id, "&lastEventID=" + id}) {
    StreamSet streams;
    Stream& stream = streams.open(stage().port(), Wire::kSse, "channel=spell" + query);
    REQUIRE(streams.run_until([&] { return !stream.items().empty(); }));
    CHECK(stream.items()[0].data == "2");
  }
  StreamSet streams;
  Stream& stream =
      streams.open(stage().port(), Wire::kSse, "channel=spell&last_event_id=0", {{"Last-Event-ID", id}});
  REQUIRE(streams.run_until([&] { return !stream.items().empty(); }));
  CHECK(stream.items()[0].data == "2");
}

TEST_CASE("Cursor 0 gives everything kept and no gap, even where much was trimmed") {
  MessageId newest = 0;
  for (int i = 0; i < 200; ++i) newest = publish("few:zero", std::to_string(i));
  StreamSet streams;
  Stream& sse = streams.open(stage().port(), Wire::kSse, "channel=few:zero&last_event_id=0");
  Stream& ws = streams.open(stage().port(), Wire::kWsJson, "channel=few:zero&after=0");
  REQUIRE(streams.run_until([&] { return sse.last_id() == newest && ws.last_id() == newest; }));
  CHECK(sse.items().size() >= 5);
  CHECK(sse.items().size() <= 100);
  CHECK(first_gap(sse) == nullptr);
  CHECK(first_gap(ws) == nullptr);
}

TEST_CASE("A malformed cursor is refused before the stream starts") {
  for (const std::string& cursor : std::vector<std::string>{
           "abc", "-1", "1.5", "1e3", "0x10", "99999999999999999999", "9007199254740992", "1 2", "\xff"}) {
    INFO(cursor);
    const HttpAnswer sse = http_get(stage().port(), "/v1/events?channel=a", {{"Last-Event-ID", cursor}});
    CHECK(sse.status == 400);
    CHECK(Json::parse(sse.body)["error"]["code"] == "bad_cursor");
  }
  CHECK(http_get(stage().port(), "/v1/channels/a/messages?after=x").status == 400);
  StreamSet streams;
  Stream& url = streams.open(stage().port(), Wire::kWsJson, "channel=a&after=oops");
  Stream& command = streams.open(stage().port(), Wire::kWsJson, "");
  REQUIRE(streams.run_until([&] { return url.answered() && command.live(); }));
  CHECK(url.status() == 400);
  command.send_text(R"({"type":"subscribe","channel":"a","after":"oops","ref":1})");
  REQUIRE(streams.run_until([&] { return command.find("error") != nullptr; }));
  CHECK(Json::parse(command.find("error")->data)["code"] == "bad_cursor");
}

TEST_CASE("What the bounds took is told before the first message behind it") {
  SECTION("by count") {
    const MessageId cursor = publish("few:gap", "0");
    std::vector<MessageId> ids;
    for (int i = 1; i <= 200; ++i) ids.push_back(publish("few:gap", std::to_string(i)));
    StreamSet streams;
    Stream& stream = streams.open(stage().port(), Wire::kSseJson,
                                  "channel=few:gap&last_event_id=" + std::to_string(cursor));
    Stream& ws =
        streams.open(stage().port(), Wire::kWsJson, "channel=few:gap&after=" + std::to_string(cursor));
    REQUIRE(streams.run_until(
        [&] { return stream.count(Item::Kind::kMessage) >= 5 && ws.count(Item::Kind::kMessage) >= 5; }));
    REQUIRE(stream.items()[0].kind == Item::Kind::kGap);
    CHECK(stream.items()[0].channel == "few:gap");
    CHECK(stream.items()[0].id == cursor);
    REQUIRE(streams.run_until([&] { return stream.last_id() == ids.back() && ws.last_id() == ids.back(); }));
    // A store may trim in batches: at least what is to be kept is, and far from all.
    const std::size_t kept = stream.count(Item::Kind::kMessage);
    CHECK(kept >= 5);
    CHECK(kept <= 100);
    const MessageId first_kept = ids[ids.size() - kept];
    CHECK(stream.items()[0].first == first_kept);
    CHECK(stream.items()[1].id == first_kept);
    CHECK(stream.count(Item::Kind::kGap) == 1);
    CHECK_FALSE(ws.find("subscribed")->recovered);
    // From one that is kept nothing is missing.
    StreamSet whole;
    Stream& next =
        whole.open(stage().port(), Wire::kWsJson, "channel=few:gap&after=" + std::to_string(first_kept));
    REQUIRE(whole.run_until([&] { return next.last_id() == ids.back(); }));
    CHECK(first_gap(next) == nullptr);
    CHECK(next.find("subscribed")->recovered);
    const Json history = Json::parse(
        http_get(stage().port(), "/v1/channels/few:gap/messages?after=" + std::to_string(cursor)).body);
    CHECK(history["gap"]["first"] == first_kept);
  }
  SECTION("by bytes") {
    const MessageId cursor = publish("small:gap", "0");
    MessageId newest = 0;
    for (int i = 0; i < 100; ++i) newest = publish("small:gap", std::string(500, 'x'));
    StreamSet streams;
    Stream& stream =
        streams.open(stage().port(), Wire::kSse, "channel=small:gap&last_event_id=" + std::to_string(cursor));
    REQUIRE(streams.run_until([&] { return stream.last_id() == newest; }));
    CHECK(stream.items()[0].kind == Item::Kind::kGap);
    CHECK(stream.count(Item::Kind::kMessage) >= 3);  // Redis counts some bytes around each payload
    CHECK(stream.count(Item::Kind::kMessage) <= 50);
  }
  SECTION("by age") {
    const MessageId cursor = publish("brief:gap", "0");
    publish("brief:gap", "1");
    StreamSet streams;
    REQUIRE(streams.run_until([&] {
      return Json::parse(http_get(stage().port(), "/v1/channels/brief:gap/messages").body)["messages"]
          .empty();
    }));
    const MessageId kept = publish("brief:gap", "2");
    Stream& stream =
        streams.open(stage().port(), Wire::kSse, "channel=brief:gap&last_event_id=" + std::to_string(cursor));
    REQUIRE(streams.run_until([&] { return stream.count(Item::Kind::kMessage) >= 1; }));
    REQUIRE(stream.items()[0].kind == Item::Kind::kGap);
    CHECK(stream.items()[0].first == kept);
  }
}

TEST_CASE("A cursor from the future is told, and new messages come") {
  const MessageId now = publish("future", "0");
  const MessageId future = now + (MessageId{1} << 40);
  StreamSet streams;
  Stream& stream =
      streams.open(stage().port(), Wire::kSse, "channel=future&last_event_id=" + std::to_string(future));
  Stream& ws = streams.open(stage().port(), Wire::kWsJson, "channel=future&after=" + std::to_string(future));
  REQUIRE(streams.await_live());
  REQUIRE(
      streams.run_until([&] { return first_gap(stream) != nullptr && ws.find("subscribed") != nullptr; }));
  CHECK_FALSE(ws.find("subscribed")->recovered);
  publish("future", "1");
  REQUIRE(streams.run_until(
      [&] { return stream.count(Item::Kind::kMessage) == 1 && ws.count(Item::Kind::kMessage) == 1; }));
  CHECK(stream.items().back().data == "1");
}

TEST_CASE("A WebSocket subscribes later, with a cursor of its own, and says whether it recovered") {
  const MessageId first = publish("later", "1");
  publish("later", "2");
  StreamSet streams;
  Stream& ws = streams.open(stage().port(), Wire::kWsJson, "");
  REQUIRE(streams.await_live());
  ws.send_text(R"({"type":"subscribe","channel":"later","after":)" + std::to_string(first) + "}");
  REQUIRE(streams.run_until([&] { return ws.count(Item::Kind::kMessage) == 1; }));
  CHECK(ws.find("subscribed")->recovered);
  CHECK(ws.items().back().data == "2");
  ws.send_text(R"({"type":"subscribe","channel":"other-later","ref":"x"})");
  REQUIRE(streams.run_until([&] { return ws.find("subscribed")->channel == "other-later"; }));
  CHECK_FALSE(ws.find("subscribed")->recovered);
  // Its cursor is good for a resume: nothing before, everything after.
  const std::string cursor = Json::parse(ws.find("subscribed")->data)["cursor"].get<std::string>();
  publish("other-later", "a");
  Stream& again = streams.open(stage().port(), Wire::kSse, "channel=other-later&last_event_id=" + cursor);
  REQUIRE(streams.run_until([&] { return !again.items().empty(); }));
  CHECK(again.items()[0].data == "a");
}

TEST_CASE("A backlog far beyond what a socket takes at once arrives whole") {
  Checker checker;
  HttpClient client(stage().port());
  std::string batch;
  std::vector<std::string> payloads;
  for (int i = 0; i < 300; ++i) {
    payloads.push_back(std::to_string(i) + std::string(8000, 'b'));
    batch += Json{{"channel", "large"}, {"data", payloads.back()}}.dump() + "\n";
  }
  const HttpAnswer answer = client.request("POST", "/v1/messages", {}, batch);
  REQUIRE(answer.status == 200);
  std::istringstream lines(answer.body);
  std::size_t at = 0;
  for (std::string line; std::getline(lines, line); ++at) {
    checker.acknowledged("large", Json::parse(line).at("id").get<MessageId>(), payloads[at]);
  }
  StreamSet streams;
  Stream& stream = streams.open(stage().port(), Wire::kSse, "channel=large&last_event_id=0");
  Stream& slow = streams.open(stage().port(), Wire::kWsJson, "channel=large&after=0");
  slow.pause(true);  // its replay waits in relayd, while messages are added
  REQUIRE(streams.run_until([&] { return stream.items().size() >= 300; }));
  for (int i = 0; i < 20; ++i) {
    const std::string payload = "later " + std::to_string(i);
    checker.acknowledged("large", publish_with(client, "large", payload), payload);
  }
  slow.pause(false);
  REQUIRE(streams.run_until(
      [&] { return stream.items().size() >= 320 && slow.count(Item::Kind::kMessage) >= 320; }));
  CHECK(checker.judge(stream.items(), {"large"}) == "");
  CHECK(checker.judge(slow.items(), {"large"}) == "");
}

TEST_CASE("After a restart that lost the data the loss is said") {
  StorageUnderTest storage;
  auto relayd = std::make_unique<RelaydProcess>(storage.settings());
  relayd->await_ready();
  const auto post = [&](std::string_view body) {
    return Json::parse(http_post(relayd->port(), "/v1/channels/reborn/messages", body).body)
        .at("id")
        .get<MessageId>();
  };
  const MessageId before = post("before");
  if (storage.is_redis()) storage.redis().command({"FLUSHALL"});
  relayd = std::make_unique<RelaydProcess>(storage.settings());
  relayd->await_ready();
  const MessageId after = post("after");
  CHECK(after > before);
  StreamSet streams;
  Stream& ws = streams.open(relayd->port(), Wire::kWsJson, "channel=reborn&after=" + std::to_string(before));
  REQUIRE(streams.run_until([&] { return ws.count(Item::Kind::kMessage) == 1; }));
  CHECK(ws.count(Item::Kind::kGap) == 1);
  CHECK_FALSE(ws.find("subscribed")->recovered);
}

TEST_CASE("Nothing was logged at error") {
  CHECK(stage().relayd.errors_logged().empty());
}
