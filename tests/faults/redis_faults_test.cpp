// Redis killed, frozen, its pub/sub cut, absent: under 200 messages a second with 50 clients nobody is
// disconnected, nothing acknowledged is lost or doubled, and every stream is whole within a second of Redis
// answering.
#include <atomic>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/checker.hpp"
#include "support/redis_server.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr int kClients = 50;
constexpr int kChannels = 7;
constexpr int kPublishers = 10;    // each has one publish on its way at a time
constexpr milliseconds kPace{50};  // of each publisher: 200 a second together
constexpr milliseconds kPublishTimeout{2000};
constexpr milliseconds kWholeWithin{1000};   // the promise
constexpr milliseconds kMachineSlack{1000};  // a test machine with more work than cores

std::string channel_name(int at) {
  return "fault-" + std::to_string(at);
}

struct Outcomes {
  std::atomic<int> stored{0};
  std::atomic<int> refused{0};
  std::atomic<int> unknown{0};
  std::atomic<int> others{0};
  std::atomic<std::int64_t> slowest_ms{0};
};

// 200 publishes a second to changing channels, on connections that are kept.
class Load {
 public:
  Load(std::uint16_t port, Checker& checker, Outcomes& outcomes)
      : port_(port), checker_(checker), outcomes_(outcomes) {
    for (int i = 0; i < kPublishers; ++i) threads_.emplace_back([this, i] { publish(i); });
  }
  ~Load() { stop(); }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void publish(int publisher) {
    HttpClient client(port_);
    auto next = Clock::now() + kPace * publisher / kPublishers;
    for (int i = 0;; ++i) {
      {
        std::unique_lock lock(mutex_);
        if (wake_.wait_until(lock, next, [this] { return stopped_; })) return;
      }
      next = std::max(next + kPace, Clock::now());
      const std::string channel = channel_name((publisher + i) % kChannels);
      const std::string payload = std::to_string(publisher) + '/' + std::to_string(i);
      const auto began = Clock::now();
      const HttpAnswer answer = client.request("POST", "/v1/channels/" + channel + "/messages", {}, payload);
      const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - began).count();
      for (std::int64_t slowest = outcomes_.slowest_ms;
           took > slowest && !outcomes_.slowest_ms.compare_exchange_weak(slowest, took);) {
      }
      if (answer.status == 201) {
        checker_.acknowledged(channel, Json::parse(answer.body).at("id").get<relay::MessageId>(), payload);
        ++outcomes_.stored;
      } else if (answer.status == 503) {
        ++outcomes_.refused;
      } else if (answer.status == 504) {
        checker_.unknown(payload);
        ++outcomes_.unknown;
      } else {
        ++outcomes_.others;
      }
    }
  }

  const std::uint16_t port_;
  Checker& checker_;
  Outcomes& outcomes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

Settings settings_for(const RedisServer& redis) {
  Settings settings = redis_settings(redis);
  settings["publish.timeout"] = "2s";
  settings["channel.max_count"] = "100000";
  return settings;
}

struct Scene {
  RedisServer redis;
  RelaydProcess relayd{settings_for(redis)};
  StreamSet clients;
  std::vector<std::set<std::string>> wanted;
  Checker checker;
  Outcomes outcomes;

  // Mixed: one channel or several, SSE or WebSocket.
  void connect_clients() {
    relayd.await_ready();
    for (int i = 0; i < kClients; ++i) {
      std::set<std::string> channels;
      std::string query;
      for (int c = 0; c <= i % 5; ++c) {
        const std::string name = channel_name((i + c) % kChannels);
        if (channels.insert(name).second) query += (query.empty() ? "channel=" : "&channel=") + name;
      }
      wanted.push_back(channels);
      clients.open(relayd.port(), i % 2 == 0 ? Wire::kSseJson : Wire::kWsJson, query);
    }
    REQUIRE(clients.await_live());
    for (const auto& client : clients.all()) {
      REQUIRE(clients.run_until([&] {
        return client->find("subscribed") != nullptr ||
               client->header("Content-Type").find("event-stream") != std::string::npos;
      }));
    }
  }

  bool ready() const { return http_get(relayd.operator_port(), "/readyz").status == 200; }

  // All have everything that is acknowledged until now.
  bool all_whole() const {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (clients.all()[i]->count(Item::Kind::kMessage) < checker.count(wanted[i])) return false;
    }
    return true;
  }

  // Redis answers again: how long until every client has what was acknowledged before this moment.
  milliseconds time_until_whole() {
    const auto began = Clock::now();
    std::vector<std::size_t> due;
    for (const auto& channels : wanted) due.push_back(checker.count(channels));
    REQUIRE(clients.run_until(
        [&] {
          for (std::size_t i = 0; i < due.size(); ++i) {
            if (clients.all()[i]->count(Item::Kind::kMessage) < due[i]) return false;
          }
          return http_get(relayd.operator_port(), "/readyz").status == 200;
        },
        std::chrono::seconds(20)));
    return std::chrono::duration_cast<milliseconds>(Clock::now() - began);
  }

  void judge(const char* what, milliseconds whole) {
    CHECK(clients.run_until([this] { return all_whole(); }));
    clients.run_for(milliseconds(100));  // anything that should not come has its chance
    std::size_t received = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      INFO("client " << i);
      CHECK_FALSE(clients.all()[i]->ended());
      CHECK(checker.judge(clients.all()[i]->items(), wanted[i]) == "");
      received += clients.all()[i]->count(Item::Kind::kMessage);
    }
    CHECK(outcomes.others == 0);
    CHECK(outcomes.slowest_ms <= (kPublishTimeout + milliseconds(500)).count());
    CHECK(whole <= kWholeWithin + kMachineSlack);
    CHECK(relayd.process().running());
    std::cout << what << ": stored " << outcomes.stored << ", 503 " << outcomes.refused << ", 504 "
              << outcomes.unknown << ", slowest answer " << outcomes.slowest_ms << " ms, received "
              << received << ", whole " << whole.count() << " ms after Redis answered\n";
  }
};

}  // namespace

TEST_CASE("Redis killed for 2 s and back on the same port") {
  Scene scene;
  scene.connect_clients();
  Load load(scene.relayd.port(), scene.checker, scene.outcomes);
  scene.clients.run_for(std::chrono::seconds(1));
  CHECK(scene.ready());
  scene.redis.kill();
  const auto down = Clock::now();
  bool told = false;
  scene.clients.run_until([&] {
    const HttpAnswer verbose = http_get(scene.relayd.operator_port(), "/readyz?verbose");
    told = told || (verbose.status == 503 &&
                    verbose.body.find(std::to_string(scene.redis.port())) != std::string::npos);
    return Clock::now() - down > std::chrono::seconds(2);
  });
  CHECK(told);
  scene.redis.start();
  const milliseconds whole = scene.time_until_whole();
  scene.clients.run_for(std::chrono::seconds(1));
  load.stop();
  CHECK(scene.ready());
  CHECK(scene.outcomes.refused > 0);
  scene.judge("killed 2 s", whole);
}

TEST_CASE("Redis frozen for 5 s") {
  Scene scene;
  scene.connect_clients();
  Load load(scene.relayd.port(), scene.checker, scene.outcomes);
  scene.clients.run_for(std::chrono::seconds(1));
  scene.redis.freeze();
  const auto down = Clock::now();
  std::optional<milliseconds> told;
  scene.clients.run_until([&] {
    if (!told && !scene.ready()) told = std::chrono::duration_cast<milliseconds>(Clock::now() - down);
    return Clock::now() - down > std::chrono::seconds(5);
  });
  REQUIRE(told);
  CHECK(*told <= milliseconds(3000));  // a half-open link is found by a probe
  scene.redis.thaw();
  const milliseconds whole = scene.time_until_whole();
  scene.clients.run_for(std::chrono::seconds(1));
  load.stop();
  CHECK(scene.ready());
  std::cout << "frozen: found after " << told->count() << " ms\n";
  scene.judge("frozen 5 s", whole);
}

TEST_CASE("The pub/sub links are killed, again and again") {
  Scene scene;
  scene.connect_clients();
  Load load(scene.relayd.port(), scene.checker, scene.outcomes);
  milliseconds slowest{0};
  for (int i = 0; i < 5; ++i) {
    scene.clients.run_for(milliseconds(400));
    scene.redis.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    slowest = std::max(slowest, scene.time_until_whole());
  }
  scene.clients.run_for(milliseconds(500));
  load.stop();
  scene.judge("pub/sub killed 5 times", slowest);
}

TEST_CASE("All links are killed while clients come and go") {
  Scene scene;
  scene.connect_clients();
  Load load(scene.relayd.port(), scene.checker, scene.outcomes);
  milliseconds slowest{0};
  for (int i = 0; i < 5; ++i) {
    scene.redis.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    scene.redis.command({"CLIENT", "KILL", "TYPE", "normal"});
    StreamSet passing;
    for (int c = 0; c < 10; ++c)
      passing.open(scene.relayd.port(), Wire::kSseJson,
                   "channel=" + channel_name(c % kChannels) + "&last_event_id=0");
    passing.run_for(milliseconds(100));
    passing.clear();
    slowest = std::max(slowest, scene.time_until_whole());
    scene.clients.run_for(milliseconds(300));
  }
  load.stop();
  scene.judge("all links killed 5 times", slowest);
}

TEST_CASE("relayd starts without Redis, refuses publishes, and comes to life by itself") {
  RedisServer redis;
  redis.kill();
  RelaydProcess relayd(redis_settings(redis));
  const HttpAnswer refused = http_post(relayd.port(), "/v1/channels/a/messages", "x");
  CHECK(refused.status == 503);
  CHECK_FALSE(refused.header("Retry-After").empty());
  CHECK(http_get(relayd.operator_port(), "/readyz").status == 503);
  CHECK(http_get(relayd.operator_port(), "/livez").status == 200);
  CHECK(relayd.process().await_line("storage.lost", std::chrono::seconds(10)));
  redis.start();
  StreamSet nothing;
  CHECK(nothing.run_until([&] { return http_get(relayd.operator_port(), "/readyz").status == 200; }));
  CHECK(http_post(relayd.port(), "/v1/channels/a/messages", "x").status == 201);
}
