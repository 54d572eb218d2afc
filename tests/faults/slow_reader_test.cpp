// A subscriber that never reads while 50 MB pass costs bounded memory and slows nobody: on a kept channel it
// is closed and resumes, on an ephemeral one it skips and is told.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <sstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/checker.hpp"
#include "support/relayd_process.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using Json = nlohmann::json;

namespace {

constexpr int kMessages = 800;
constexpr std::size_t kPayload = 64 * 1024 - 64;  // together 50 MB
constexpr int kBatch = 40;                        // messages in one request
constexpr std::int64_t kQueue = 1 << 20;
constexpr std::int64_t kInbox = 1 << 20;
// Besides the queues: the backlog (bounded to 1 MiB here), frames on their way to the readers, the heap's
// own.
constexpr std::int64_t kAllowance = 12 << 20;
// A sanitizer keeps memory of its own for each byte of ours, and takes its time.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;
constexpr std::chrono::seconds kPatience{120};
#else
constexpr bool kMemoryIsOurs = true;
constexpr std::chrono::seconds kPatience{30};
#endif

struct Scene {
  RelaydProcess relayd{Settings{{"client.max_queue_bytes", std::to_string(kQueue)},
                                {"channel.max_bytes", "1MiB"},
                                {"memory.max_inbox_bytes", std::to_string(kInbox)},
                                {"client.write_timeout", "10m"},  // closed for its queue, not for its time
                                {"namespace.brief.ephemeral", "true"},
                                {"loops", "2"}}};
  StreamSet readers;
  Checker checker;

  void warm_up(const std::string& channel) {
    HttpClient client(relayd.port());
    for (int i = 0; i < 40; ++i) publish(client, channel, i);
  }
  relay::MessageId publish(HttpClient& client, const std::string& channel, int number) {
    std::string payload = std::to_string(number) + ' ';
    payload.resize(kPayload, static_cast<char>('a' + number % 26));
    const HttpAnswer answer = client.request("POST", "/v1/channels/" + channel + "/messages", {}, payload);
    REQUIRE(answer.status == 201);
    const auto id = Json::parse(answer.body)["id"].get<relay::MessageId>();
    checker.acknowledged(channel, id, payload);
    return id;
  }
  std::vector<relay::MessageId> publish_batch(HttpClient& client, const std::string& channel, int number) {
    std::string lines;
    for (int i = number; i < number + kBatch; ++i) {
      const std::string payload(kPayload, static_cast<char>('a' + i % 26));
      lines += Json{{"channel", channel}, {"data", payload}}.dump() + '\n';
    }
    const HttpAnswer answer = client.request("POST", "/v1/messages", {}, lines);
    REQUIRE(answer.status == 200);
    std::vector<relay::MessageId> ids;
    std::istringstream answers(answer.body);
    for (std::string line; std::getline(answers, line);)
      ids.push_back(Json::parse(line).at("id").get<relay::MessageId>());
    REQUIRE(ids.size() == kBatch);
    return ids;
  }
};

// Whether every acknowledged message after the first item came, in order and once, or lies in a gap that was
// told.
std::string judge_ephemeral(const std::vector<Item>& items, const std::vector<relay::MessageId>& published) {
  std::vector<relay::MessageId> got;
  std::vector<std::pair<relay::MessageId, relay::MessageId>> gaps;
  for (const Item& item : items) {
    if (item.kind == Item::Kind::kMessage) got.push_back(item.id);
    if (item.kind == Item::Kind::kGap) gaps.emplace_back(item.id, item.first);
  }
  if (std::adjacent_find(got.begin(), got.end(), std::greater_equal<>()) != got.end())
    return "repeated or out of order";
  for (const relay::MessageId id : published) {
    if (std::binary_search(got.begin(), got.end(), id)) continue;
    const auto covers = [id](const auto& gap) { return gap.first < id && id < gap.second; };
    if (std::none_of(gaps.begin(), gaps.end(), covers))
      return "not told that it is missing: " + std::to_string(id);
  }
  return {};
}

// Whether the newest item is that message or a later one, or a gap that ends behind it.
bool has_reached(const std::vector<Item>& items, relay::MessageId id) {
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    if (item->kind == Item::Kind::kMessage) return item->id >= id;
    if (item->kind == Item::Kind::kGap) return item->first > id;
  }
  return false;
}

}  // namespace

TEST_CASE(
    "On a kept channel a reader that does not read is closed; memory stays bounded; the others get all") {
  const Wire wire = GENERATE(Wire::kSse, Wire::kWsJson);
  Scene scene;
  scene.warm_up("warm");
  StreamSet lazy;
  Stream& sleeper = lazy.open(scene.relayd.port(), wire, "channel=flood");
  REQUIRE(lazy.await_live());
  REQUIRE(lazy.run_until([&] { return wire == Wire::kSse || sleeper.find("subscribed") != nullptr; }));
  std::vector<Stream*> good;
  for (int i = 0; i < 4; ++i)
    good.push_back(
        &scene.readers.open(scene.relayd.port(), i % 2 == 0 ? Wire::kSse : Wire::kWsJson, "channel=flood"));
  REQUIRE(scene.readers.await_live());
  REQUIRE(
      scene.readers.run_until([&] { return good[1]->find("subscribed") && good[3]->find("subscribed"); }));
  const std::int64_t before = scene.relayd.anonymous_bytes();
  std::int64_t most = before;
  HttpClient client(scene.relayd.port());
  for (int i = 0; i < kMessages; ++i) {
    scene.publish(client, "flood", i);
    most = std::max(most, scene.relayd.anonymous_bytes());
    REQUIRE(scene.readers.run_until([&] {
      for (const Stream* stream : good) {
        if (stream->count(Item::Kind::kMessage) + 8 < static_cast<std::size_t>(i)) return false;
      }
      return true;
    }));
  }
  REQUIRE(scene.readers.run_until([&] {
    for (const Stream* stream : good) {
      if (stream->count(Item::Kind::kMessage) < kMessages) return false;
    }
    return true;
  }));
  for (const Stream* stream : good) CHECK(scene.checker.judge(stream->items(), {"flood"}) == "");
  std::cout << "50 MB past a sleeping " << (wire == Wire::kSse ? "SSE stream" : "WebSocket")
            << ": relayd grew by at most " << (most - before) / 1024 << " KiB\n";
  if (kMemoryIsOurs) CHECK(most - before < kQueue + kAllowance);
  CHECK(scene.relayd.metric("relayd_slow_clients_closed_total").value_or(0) == 1);
  // What it has in its socket is whole; then it is closed, and its cursor is good.
  REQUIRE(lazy.run_until([&] { return sleeper.ended(); }));
  CHECK(sleeper.count(Item::Kind::kMessage) > 0);
  CHECK(sleeper.count(Item::Kind::kMessage) < kMessages);
  Stream& again = lazy.open(scene.relayd.port(), Wire::kSseJson,
                            "channel=flood&last_event_id=" + std::to_string(sleeper.last_id()));
  REQUIRE(lazy.run_until([&] { return again.last_id() == good[0]->last_id(); }));
  CHECK(again.items()[0].kind == Item::Kind::kGap);  // 50 MB passed a backlog of 1 MiB: that is said
}

TEST_CASE("On an ephemeral channel it skips, and is told when it reads again") {
  const Wire wire = GENERATE(Wire::kSseJson, Wire::kWsJson);
  Scene scene;
  scene.warm_up("brief:warm");
  StreamSet lazy;
  Stream& sleeper = lazy.open(scene.relayd.port(), wire, "channel=brief:flood");
  REQUIRE(lazy.await_live());
  REQUIRE(lazy.run_until([&] { return wire == Wire::kSseJson || sleeper.find("subscribed") != nullptr; }));
  // A batch is published faster than any loop can take it, so readers that do read may fall behind it as
  // well; they read on a thread of their own.
  std::vector<Stream*> good;
  for (int i = 0; i < 4; ++i)
    good.push_back(&scene.readers.open(scene.relayd.port(), Wire::kWsJson, "channel=brief:flood"));
  REQUIRE(scene.readers.run_until([&] {
    return std::all_of(good.begin(), good.end(),
                       [](const Stream* stream) { return stream->find("subscribed") != nullptr; });
  }));
  const std::int64_t before = scene.relayd.anonymous_bytes();
  std::int64_t most = before;
  std::atomic<relay::MessageId> last{relay::kMaxId};
  std::atomic<bool> all_read{false};
  std::atomic<bool> done{false};
  std::jthread reading([&] {
    all_read = scene.readers.run_until(
        [&] {
          return std::all_of(good.begin(), good.end(),
                             [&](const Stream* stream) { return has_reached(stream->items(), last); });
        },
        kPatience);
    done = true;
  });
  std::vector<relay::MessageId> published;
  HttpClient client(scene.relayd.port());
  for (int i = 0; i < kMessages; i += kBatch) {
    for (const relay::MessageId id : scene.publish_batch(client, "brief:flood", i)) published.push_back(id);
    most = std::max(most, scene.relayd.anonymous_bytes());
  }
  last = published.back();
  // What a reader's own queue skipped is said before the next message that it is given.
  const auto publish_little = [&] {
    REQUIRE(client.request("POST", "/v1/channels/brief:flood/messages", {}, "on").status == 201);
  };
  while (!done) publish_little();
  reading.join();
  REQUIRE(all_read);
  for (const Stream* stream : good) CHECK(judge_ephemeral(stream->items(), published) == "");
  std::cout << "ephemeral, unpaced: relayd grew by at most " << (most - before) / 1024 << " KiB; "
            << scene.relayd.metric("relayd_inbox_overflows_total").value_or(0)
            << " times an inbox was full\n";
  if (kMemoryIsOurs) CHECK(most - before < kQueue + 2 * kInbox + kAllowance);
  CHECK(scene.relayd.metric("relayd_inbox_overflows_total").value_or(0) > 0);
  CHECK(scene.relayd.metric("relayd_messages_dropped_total{reason=\"inbox_full\"}").value_or(0) > 0);
  REQUIRE(lazy.run_until(
      [&] {
        if (sleeper.count(Item::Kind::kGap) > 0) return true;
        publish_little();
        return false;
      },
      kPatience));
  CHECK_FALSE(sleeper.ended());
  CHECK(scene.relayd.metric("relayd_slow_clients_closed_total").value_or(0) == 0);
  for (const Item& item : sleeper.items()) {
    if (item.kind == Item::Kind::kGap) CHECK(item.channel == "brief:flood");
  }
}
