// Path 3 over several partitions: resume on a real Redis Cluster, by the cursors that streams give.
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/redis_cluster.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using relay::MessageId;

namespace {

Settings settings_of(const RedisCluster& cluster) {
  Settings settings = redis_settings(cluster);
  settings["bridge.rps_limit"] = "0";
  return settings;
}

struct Stage {
  RedisCluster cluster{{.masters = 3, .replicas = 0}};
  RelaydProcess relayd{settings_of(cluster)};
  Stage() { relayd.await_ready(); }
  std::uint16_t port() const { return relayd.port(); }
};

Stage& stage() {
  static Stage one;
  return one;
}

using Ids = std::map<std::string, std::vector<MessageId>>;  // by channel

// So many messages on random channels, one after the other, on a thread of its own.
class Traffic {
 public:
  Traffic(std::vector<std::string> channels, int messages)
      : thread_([this, channels = std::move(channels), messages] {
          std::mt19937 random(1);
          HttpClient client(stage().port());
          for (int i = 0; i < messages; ++i) {
            const std::string& channel = channels[random() % channels.size()];
            const HttpAnswer answer =
                client.request("POST", "/v1/channels/" + channel + "/messages", {}, std::to_string(i));
            if (answer.status != 201) break;
            acknowledged_[channel].push_back(nlohmann::json::parse(answer.body).at("id").get<MessageId>());
          }
          done_ = true;
        }) {}
  ~Traffic() {
    if (thread_.joinable()) thread_.join();
  }
  bool done() const { return done_; }
  const Ids& acknowledged() {
    if (thread_.joinable()) thread_.join();
    return acknowledged_;
  }

 private:
  Ids acknowledged_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

std::string query_of(const std::vector<std::string>& channels) {
  std::string query;
  for (const std::string& channel : channels) query += (query.empty() ? "channel=" : "&channel=") + channel;
  return query;
}

std::size_t count_of(const Ids& ids) {
  std::size_t count = 0;
  for (const auto& [channel, list] : ids) count += list.size();
  return count;
}

}  // namespace

TEST_CASE("On a Redis Cluster: 2, 60 and 1,000 channels, cut off again and again while messages flow") {
  constexpr int kMessages = 600;
  const int count = GENERATE(2, 60, 1000);
  const Wire wire = GENERATE(Wire::kSseJson, Wire::kWsJson);
  const std::string prefix = (wire == Wire::kSseJson ? "s" : "w") + std::to_string(count) + '-';
  INFO(prefix);
  std::vector<std::string> channels;
  for (int i = 0; i < count; ++i) channels.push_back(prefix + std::to_string(i));
  std::mt19937 random(2);
  Traffic traffic(channels, kMessages);
  Ids got;
  std::string cursor = "0";
  for (int round = 0; !traffic.done() || count_of(got) < kMessages; ++round) {
    std::shuffle(channels.begin(), channels.end(), random);
    StreamSet set;
    Stream& stream =
        set.open(stage().port(), wire,
                 query_of(channels) + (wire == Wire::kSseJson ? "&last_event_id=" : "&after=") + cursor);
    const std::size_t wanted = std::min<std::size_t>(1 + random() % 90, kMessages - count_of(got));
    REQUIRE(set.run_until([&] { return stream.count(Item::Kind::kMessage) >= wanted; }));
    CHECK(stream.count(Item::Kind::kGap) == 0);
    for (const Item& item : stream.items()) {
      if (item.kind != Item::Kind::kMessage) continue;
      got[item.channel].push_back(item.id);
      if (wire == Wire::kWsJson) cursor = item.cursor.empty() ? std::to_string(item.id) : item.cursor;
    }
    if (wire == Wire::kSseJson) cursor = stream.last_event_id();
    CHECK(cursor.size() < 700);
    REQUIRE(round < 2 * kMessages);
  }
  CHECK(count_of(traffic.acknowledged()) == kMessages);
  CHECK(got == traffic.acknowledged());
}

TEST_CASE("On a Redis Cluster: a quiet bridge client id does not hold the ids of a stream back for long") {
  const auto client_id = [](int number) { return std::string(62, 'a') + std::to_string(10 + number); };
  std::string query;
  for (int i = 0; i < 8; ++i) query += (i == 0 ? "client_id=" : ",") + client_id(i);
  HttpClient reader(stage().port());
  REQUIRE(reader.send(format_request("GET", "/bridge/events?" + query)));
  HttpClient writer(stage().port());
  relay::wire::SseParser parser;
  std::vector<MessageId> ids;
  const auto exchange_one = [&] {
    const HttpAnswer answer = writer.request(
        "POST", "/bridge/message?client_id=" + std::string(64, 'b') + "&to=" + client_id(0) + "&ttl=300", {},
        "x");
    REQUIRE(answer.status == 200);
    for (const std::size_t before = ids.size(); ids.size() == before;) {
      const std::string bytes = reader.read_some();
      REQUIRE_FALSE(bytes.empty());
      parser.feed(bytes, [&](const relay::wire::SseEvent& event) {
        if (event.data.starts_with('{')) ids.push_back(relay::parse_id(event.id).value_or(0));
      });
    }
  };
  const auto began = std::chrono::system_clock::now().time_since_epoch();
  const MessageId first =
      relay::first_id_at(std::chrono::duration_cast<std::chrono::milliseconds>(began).count());
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  do {
    exchange_one();
  } while (ids.back() < first && std::chrono::steady_clock::now() < give_up);
  CHECK(ids.back() >= first);
  CHECK(std::is_sorted(ids.begin(), ids.end()));
}
