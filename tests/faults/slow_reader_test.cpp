// A subscriber that never reads while 50 MB pass costs bounded memory and slows nobody: on a kept channel it is closed
// and resumes, on an ephemeral one it skips and is told.
#include <iostream>

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
constexpr std::int64_t kQueue = 1 << 20;
// Besides the one queue: the backlog (bounded to 1 MiB here), frames on their way to the readers, the heap's own.
constexpr std::int64_t kAllowance = 12 << 20;

struct Scene {
  RelaydProcess relayd{Settings{{"client.max_queue_bytes", std::to_string(kQueue)},
                                {"channel.max_bytes", "1MiB"},
                                {"namespace.brief.ephemeral", "true"},
                                {"loops", "2"}}};
  StreamSet readers;
  Checker checker;

  void warm_up(const std::string& channel) {
    HttpClient client(relayd.port());
    for (int i = 0; i < 40; ++i) publish(client, channel, i);
  }
  void publish(HttpClient& client, const std::string& channel, int number) {
    std::string payload = std::to_string(number) + ' ';
    payload.resize(kPayload, static_cast<char>('a' + number % 26));
    const HttpAnswer answer = client.request("POST", "/v1/channels/" + channel + "/messages", {}, payload);
    REQUIRE(answer.status == 201);
    checker.acknowledged(channel, Json::parse(answer.body)["id"].get<relay::MessageId>(), payload);
  }
};

}  // namespace

TEST_CASE("On a kept channel a reader that does not read is closed; memory stays bounded; the others get all") {
  const Wire wire = GENERATE(Wire::kSse, Wire::kWsJson);
  Scene scene;
  scene.warm_up("warm");
  StreamSet lazy;
  Stream& sleeper = lazy.open(scene.relayd.port(), wire, "channel=flood");
  REQUIRE(lazy.await_live());
  REQUIRE(lazy.run_until([&] { return wire == Wire::kSse || sleeper.find("subscribed") != nullptr; }));
  std::vector<Stream*> good;
  for (int i = 0; i < 4; ++i) good.push_back(&scene.readers.open(scene.relayd.port(), i % 2 == 0 ? Wire::kSse : Wire::kWsJson, "channel=flood"));
  REQUIRE(scene.readers.await_live());
  REQUIRE(scene.readers.run_until([&] { return good[1]->find("subscribed") && good[3]->find("subscribed"); }));
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
  std::cout << "50 MB past a sleeping " << (wire == Wire::kSse ? "SSE stream" : "WebSocket") << ": relayd grew by at most "
            << (most - before) / 1024 << " KiB\n";
  CHECK(most - before < kQueue + kAllowance);
  CHECK(scene.relayd.metric("relayd_slow_clients_closed_total").value_or(0) == 1);
  // What it has in its socket is whole; then it is closed, and its cursor is good.
  REQUIRE(lazy.run_until([&] { return sleeper.ended(); }));
  CHECK(sleeper.count(Item::Kind::kMessage) > 0);
  CHECK(sleeper.count(Item::Kind::kMessage) < kMessages);
  Stream& again = lazy.open(scene.relayd.port(), Wire::kSseJson, "channel=flood&last_event_id=" + std::to_string(sleeper.last_id()));
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
  Stream& good = scene.readers.open(scene.relayd.port(), Wire::kWsJson, "channel=brief:flood");
  REQUIRE(scene.readers.run_until([&] { return good.find("subscribed") != nullptr; }));
  const std::int64_t before = scene.relayd.anonymous_bytes();
  HttpClient client(scene.relayd.port());
  for (int i = 0; i < kMessages; ++i) {
    scene.publish(client, "brief:flood", i);
    REQUIRE(scene.readers.run_until([&] { return good.count(Item::Kind::kMessage) + 8 >= static_cast<std::size_t>(i); }));
  }
  REQUIRE(scene.readers.run_until([&] { return good.count(Item::Kind::kMessage) == kMessages; }));
  CHECK(scene.checker.judge(good.items(), {"brief:flood"}) == "");
  const std::int64_t grown = scene.relayd.anonymous_bytes() - before;
  std::cout << "ephemeral: relayd grew by " << grown / 1024 << " KiB\n";
  CHECK(grown < kQueue + kAllowance);
  REQUIRE(lazy.run_until([&] {
    if (sleeper.count(Item::Kind::kGap) > 0) return true;
    scene.publish(client, "brief:flood", kMessages);
    return false;
  }));
  CHECK_FALSE(sleeper.ended());
  CHECK(scene.relayd.metric("relayd_slow_clients_closed_total").value_or(0) == 0);
  for (const Item& item : sleeper.items()) {
    if (item.kind == Item::Kind::kGap) CHECK(item.channel == "brief:flood");
  }
}
