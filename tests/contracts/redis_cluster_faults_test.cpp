// What the contract promises when a Redis Cluster loses a master, moves slots, changes roles or is laid out
// otherwise.
#include "storage/redis/redis_store.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <set>

#include "contracts/appends.hpp"
#include "contracts/redis_backend.hpp"
#include "storage/redis/slots.hpp"
#include "support/catch.hpp"
#include "support/redis_cluster.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;
using Kind = Event::Kind;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kHealingLimit = 1s;  // promise 4 ...
constexpr auto kMachineSlack = 2s;  // ... on a machine with more work than cores
constexpr std::uint32_t kPartitions = 64;

// Nobody fails in it: a machine that starves it of time shall not make a failover of that.
RedisCluster& shared_cluster() {
  static RedisCluster cluster({.node_timeout = std::chrono::seconds(15)});
  return cluster;
}

// A member on a cluster that watches one channel in each partition.
struct OnCluster {
  explicit OnCluster(RedisCluster& its, std::function<void(redis::RedisSettings&)> change = {})
      : cluster(its), settings(its.settings()) {
    static int count = 0;
    settings.prefix = "faults" + std::to_string(count++);
    settings.partitions = kPartitions;
    if (change) change(settings);
    member = std::make_unique<Member>(0, redis_maker(settings));
    member->start();
    REQUIRE(member->await_up());
    std::vector<std::future<Result<bool>>> watches;
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      channels.push_back(channel_in(p));
      watches.push_back(member->watch_later(channels.back()));
    }
    for (auto& watch : watches) REQUIRE(await_answer(std::move(watch), "watch").has_value());
    REQUIRE(count_of(Kind::kRestored) == kPartitions);
  }
  static std::string channel_in(std::uint32_t partition) {
    for (int i = 0;; ++i) {
      std::string name = "room:" + std::to_string(i);
      if (redis::partition_of(name, kPartitions) == partition) return name;
    }
  }
  redis::Keyspace keys(std::uint32_t partition) const {
    return redis::Keyspace(settings.prefix, redis::partition_tags(kPartitions)[partition]);
  }
  std::size_t count_of(Kind kind) const { return member->heard().count(kind); }
  // The partitions whose slots this node serves.
  std::vector<std::uint32_t> partitions_on(std::size_t node) {
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      if (cluster.master_of(keys(p).seq(), (node + 1) % cluster.size()) == node) numbers.push_back(p);
    }
    return numbers;
  }
  // Whatever was interrupted is restored, in time after now.
  void await_whole(std::chrono::milliseconds limit = kHealingLimit + kMachineSlack) {
    const auto whole = [&](const std::vector<Event>& events) {
      std::size_t interrupted = 0, restored = 0;
      for (const Event& event : events) {
        interrupted += event.kind == Kind::kInterrupted ? 1 : 0;
        restored += event.kind == Kind::kRestored ? 1 : 0;
      }
      return restored == interrupted + kPartitions;
    };
    CHECK(member->heard().await(whole, limit));
    REQUIRE(member->heard().await(whole));
    REQUIRE(member->await_up());
  }
  // What is published now is heard, in every partition.
  void check_live() {
    std::set<MessageId> ids;
    for (const std::string& channel : channels) ids.insert(member->publish({.channel = channel}));
    CHECK(member->heard().await([&](const std::vector<Event>& events) {
      std::set<MessageId> missing = ids;
      for (const Event& event : events) {
        if (event.message) missing.erase(event.message->id());
      }
      return missing.empty();
    }));
  }

  RedisCluster& cluster;
  redis::RedisSettings settings;
  std::vector<std::string> channels;
  std::unique_ptr<Member> member;
};

// Appends to a channel of every partition, until it is told to stop.
class Load {
 public:
  explicit Load(OnCluster& on) {
    for (const std::string& channel : on.channels) appends_.emplace_back(*on.member, channel);
    thread_ = std::thread([this] {
      while (!stopped_) {
        for (Appends& appends : appends_) appends.send(1);
        std::this_thread::sleep_for(5ms);  // the pace of it
      }
    });
  }
  ~Load() { stop(); }
  void stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // Every answer was true.
  void check(OnCluster& on) {
    for (std::size_t i = 0; i < appends_.size(); ++i) {
      INFO(on.channels[i]);
      appends_[i].collect();
      appends_[i].check_against(on.member->page(on.channels[i], 0, 1'000'000));
      stored += appends_[i].stored();
      refused += appends_[i].refused();
      unknown += appends_[i].unknown();
    }
  }
  std::size_t stored = 0, refused = 0, unknown = 0;

 private:
  std::deque<Appends> appends_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

TEST_CASE("a master is killed and its replica promoted, under load") {
  RedisCluster cluster;
  OnCluster on(cluster, [](auto& settings) { settings.min_replicas = 1; });
  const std::size_t hit = on.partitions_on(0).size();
  REQUIRE(hit > 10);
  REQUIRE(hit < 30);
  Load load(on);
  REQUIRE(on.member->heard().await_count(Kind::kAnnounced, 2'000));
  cluster.node(0).kill();
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, hit));
  cluster.await_master(3, 1);
  on.await_whole();
  load.stop();
  load.check(on);  // with min_replicas nothing acknowledged is lost
  CHECK(load.stored > 1'000);
  CHECK(on.count_of(Kind::kInterrupted) == hit);  // the others went on

  // Back as a replica of its successor, it interrupts nobody.
  cluster.node(0).start();
  cluster.await_whole();
  on.check_live();
  CHECK(on.count_of(Kind::kInterrupted) == hit);
}

TEST_CASE("a frozen master is found and left for its replica") {
  RedisCluster cluster;
  OnCluster on(cluster);
  const std::size_t hit = on.partitions_on(1).size();
  cluster.node(1).freeze();
  const auto frozen = SteadyClock::now();
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, hit));
  CHECK(SteadyClock::now() - frozen < 2'300ms + kMachineSlack);
  cluster.await_master(4, 2);
  on.await_whole();
  on.check_live();
  cluster.node(1).thaw();
  cluster.await_whole();
  on.check_live();
}

TEST_CASE("roles are exchanged by CLUSTER FAILOVER, under load") {
  RedisCluster cluster;
  OnCluster on(cluster);
  Load load(on);
  REQUIRE(on.member->heard().await_count(Kind::kAnnounced, 2'000));
  cluster.fail_over(5, 0);
  on.await_whole();
  load.stop();
  load.check(on);
  CHECK(load.stored > 1'000);
  on.check_live();
}

TEST_CASE("slots move away and back, under load") {
  OnCluster on(shared_cluster());
  RedisCluster& cluster = on.cluster;
  Load load(on);
  REQUIRE(on.member->heard().await_count(Kind::kAnnounced, 2'000));
  const auto numbers = on.partitions_on(0);
  const std::size_t moved = 8;
  for (std::size_t i = 0; i < moved; ++i) cluster.move_slot(redis::slot_of(on.keys(numbers[i]).seq()), 0, 1);
  on.await_whole();
  on.check_live();
  for (std::size_t i = 0; i < moved; ++i) cluster.move_slot(redis::slot_of(on.keys(numbers[i]).seq()), 1, 0);
  on.await_whole();
  load.stop();
  load.check(on);
  CHECK(load.stored > 1'000);
  CHECK(load.refused == 0);  // what a slot on its way refuses is sent again
  CHECK(load.unknown == 0);
  CHECK(on.member->metrics().get(metrics::Counter::kStorageRedirects) > 0);
  CHECK(on.count_of(Kind::kInterrupted) == 2 * moved);  // the other partitions went on
  on.check_live();
}

TEST_CASE("a slot that hangs between two nodes is read from both, and written to when it has arrived") {
  OnCluster on(shared_cluster());
  RedisCluster& cluster = on.cluster;
  const std::uint32_t partition = on.partitions_on(0).front();
  const std::string& channel = on.channels[partition];
  const redis::Keyspace keys = on.keys(partition);
  const std::string slot = std::to_string(redis::slot_of(keys.seq()));
  const MessageId before = on.member->publish({.channel = channel});
  const std::string source = cluster.node(0).command({"CLUSTER", "MYID"});
  const std::string target = cluster.node(1).command({"CLUSTER", "MYID"});
  cluster.node(1).command({"CLUSTER", "SETSLOT", slot, "IMPORTING", source});
  cluster.node(0).command({"CLUSTER", "SETSLOT", slot, "MIGRATING", target});
  // Part of the keys are there, part still here.
  REQUIRE(cluster.node(0).command({"MIGRATE", "127.0.0.1", std::to_string(cluster.node(1).port()),
                                   keys.log(channel), "0", "5000"}) == "OK");
  CHECK(ids_of(on.member->page(channel).messages) == std::vector<MessageId>{before});
  auto append = on.member->append_later({.channel = channel});
  cluster.move_slot(redis::slot_of(keys.seq()), 0, 1);
  const auto answer = await_answer(std::move(append), "append");
  REQUIRE(answer.has_value());
  CHECK(ids_of(on.member->page(channel).messages) == std::vector<MessageId>{before, answer->id});
  on.await_whole();
  on.check_live();
  cluster.move_slot(redis::slot_of(keys.seq()), 1, 0);
  on.await_whole();
}

TEST_CASE("the links that hear are cut on every node, and ten thousand watches come back") {
  OnCluster on(shared_cluster());
  std::vector<std::future<Result<bool>>> watches;
  for (int i = 0; i < 10'000; ++i) watches.push_back(on.member->watch_later("many:" + std::to_string(i)));
  for (auto& watch : watches) REQUIRE(await_answer(std::move(watch), "watch").has_value());
  for (std::size_t node = 0; node < on.cluster.masters(); ++node) {
    on.cluster.node(node).command({"CLIENT", "KILL", "TYPE", "pubsub"});
  }
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, kPartitions));
  on.await_whole(3s + kMachineSlack);
  on.check_live();
  const MessageId id = on.member->publish({.channel = "many:9999"});
  CHECK(on.member->heard().await(
      [&](const auto& events) { return events.back().message && events.back().message->id() == id; }));
}

// As the hub does to heal: all partitions at once.
TEST_CASE("ten thousand backlogs are read in seconds, with a bounded number of commands at a time") {
  OnCluster on(shared_cluster());
  std::vector<std::vector<hub::ReadQuery>> queries(kPartitions);
  for (int i = 0; i < 10'000; ++i) {
    const std::string channel = "many:" + std::to_string(i);
    queries[redis::partition_of(channel, kPartitions)].push_back(query(channel, 1, 8));
  }
  const auto began = SteadyClock::now();
  std::vector<std::future<Result<hub::ReadAnswer>>> answers;
  for (auto& its : queries) answers.push_back(on.member->read_later(std::move(its)));
  std::size_t pages = 0;
  for (auto& answer : answers) {
    const auto read = await_answer(std::move(answer), "read");
    REQUIRE(read.has_value());
    pages += read->pages.size();
  }
  CHECK(pages == 10'000);
  CHECK(SteadyClock::now() - began < 3s + kMachineSlack);
  // At most 1,024 queries a node, and what probes need.
  std::int64_t most = 0;
  std::vector<std::future<Result<hub::ReadAnswer>>> flood;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      flood.push_back(on.member->read_later(std::vector<hub::ReadQuery>(500, query(on.channels[p], 1, 8))));
    }
  }
  const auto is_ready = [](auto& future) { return future.wait_for(0s) == std::future_status::ready; };
  while (!std::all_of(flood.begin(), flood.end(), is_ready)) {
    on.member->on_loop([&] {
      std::size_t pending = 0;
      auto& store = dynamic_cast<redis::RedisStore&>(on.member->store());
      pending = store.pending_commands();
      most = std::max(most, static_cast<std::int64_t>(pending));
    });
  }
  for (auto& answer : flood) CHECK(answer.get().has_value());
  CHECK(most > 100);
  CHECK(most < 3 * 1'300);
}

TEST_CASE("every partition begins a new epoch when all data is gone") {
  RedisCluster cluster({.masters = 3, .replicas = 0, .keep_data = false});
  OnCluster on(cluster);
  std::vector<MessageId> before;
  for (const std::string& channel : on.channels) before.push_back(on.member->publish({.channel = channel}));
  for (std::size_t node = 0; node < 3; ++node) cluster.node(node).command({"FLUSHALL"});
  REQUIRE(on.member->heard().await_count(Kind::kInterrupted, kPartitions));
  on.await_whole();
  for (std::size_t i = 0; i < on.channels.size(); ++i) {
    const auto answer = on.member->read({query(on.channels[i], before[i])});
    REQUIRE(answer.has_value());
    CHECK(answer->epoch > before[i]);
  }
  CHECK(on.member->metrics().get(metrics::Counter::kStorageDataLosses) == kPartitions);
  on.check_live();
}

TEST_CASE("a cluster that is down refuses, and comes back by itself") {
  RedisCluster cluster({.masters = 3, .replicas = 0, .keep_data = true});
  OnCluster on(cluster);
  cluster.node(2).kill();
  await_condition(
      [&] {
        return cluster.node(0).command({"CLUSTER", "INFO"}).find("cluster_state:fail") != std::string::npos;
      },
      "the cluster is down");
  const auto refused = on.member->append({.channel = on.channels[0]});
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == ErrorKind::kUnavailable);
  bool up = true;
  on.member->on_loop([&] {
    for (const auto& node : on.member->store().health()) up = up && node.up;
  });
  CHECK(!up);
  cluster.node(2).start();
  cluster.await_whole();
  on.await_whole(5s);
  on.check_live();
}

TEST_CASE("a cluster need not be there at the start, and any of its nodes leads to it") {
  RedisCluster& cluster = shared_cluster();
  redis::RedisSettings settings = cluster.settings();
  settings.server.more_hosts = {{"127.0.0.1", settings.server.port}};
  settings.server.port = free_port();  // nobody
  Member member(0, redis_maker(settings));
  member.start();
  REQUIRE(member.await_up());
  CHECK(member.append({}).has_value());
}

TEST_CASE("a store that is laid out for another number of partitions is refused, and says so") {
  OnCluster on(shared_cluster());
  on.check_live();
  redis::RedisSettings settings = on.settings;
  settings.partitions = 32;
  Member other(1, redis_maker(settings));
  other.start();
  const auto complains = [&] {
    return other.health().reason.find("laid out for 64 partitions, not for 32") != std::string::npos;
  };
  const auto until = SteadyClock::now() + kPatience;
  while (!complains() && SteadyClock::now() < until) std::this_thread::yield();
  CHECK(complains());
  CHECK(!other.health().up);
  const auto refused = other.append({});
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == ErrorKind::kUnavailable);
  CHECK(refused.error().message.find("laid out") != std::string::npos);
}

TEST_CASE("a server of a cluster that is used as a single one says what to set") {
  redis::RedisSettings settings = shared_cluster().settings();
  settings.mode = redis::Mode::kSingle;
  settings.server.more_hosts.clear();
  settings.server.port = shared_cluster().node(0).port();
  settings.prefix = "elsewhere";  // in a slot of another node
  for (int i = 0; shared_cluster().master_of(settings.prefix + ":layout") == 0; ++i)
    settings.prefix = "elsewhere" + std::to_string(i);
  Member member(0, redis_maker(settings));
  member.start();
  const auto until = SteadyClock::now() + kPatience;
  while (member.health().reason.find("redis.mode") == std::string::npos && SteadyClock::now() < until)
    std::this_thread::yield();
  CHECK(member.health().reason.find("redis.mode must be \"cluster\"") != std::string::npos);
}

TEST_CASE("what is proven moves on, and nothing below it is announced later") {
  OnCluster on(shared_cluster());
  const auto proven = [&](std::uint32_t partition) {
    MessageId id = 0;
    on.member->on_loop([&] { id = on.member->store().partition(partition).proven(); });
    return id;
  };
  for (std::uint32_t p = 0; p < kPartitions; ++p) {
    const auto until = SteadyClock::now() + kPatience;
    while (proven(p) == 0 && SteadyClock::now() < until) std::this_thread::yield();
    const MessageId id = proven(p);
    CHECK(id > 0);
    CHECK(on.member->publish({.channel = on.channels[p]}) > id);
  }
}

// A call that is made on the loop, and its answer as text.
struct Called {
  explicit Called(OnCluster& on, std::function<void(redis::Executor&, redis::OnReply)> call) {
    auto promise = std::make_shared<std::promise<std::string>>();
    auto future = promise->get_future();
    on.member->on_loop([&] {
      call(dynamic_cast<redis::RedisStore&>(on.member->store()), [promise](const redis::Reply& reply) {
        promise->set_value(reply.value == nullptr ? "nothing" : std::string(reply.value->text()));
      });
    });
    text = await_answer(std::move(future), "a call");
  }
  std::string text;
};

TEST_CASE("scripts and commands of others find their partition, also when it has moved") {
  static const redis::Script script("redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])");
  OnCluster on(shared_cluster());
  const auto store_in = [&](std::uint32_t p, const std::string& value) {
    return Called(on,
                  [&](redis::Executor& executor, redis::OnReply done) {
                    executor.call(p, script, {executor.keys(p).subs("x")}, {value}, std::move(done), 5s);
                  })
        .text;
  };
  for (std::uint32_t p = 0; p < kPartitions; ++p) CHECK(store_in(p, std::to_string(p)) == std::to_string(p));
  const std::uint32_t moving = on.partitions_on(2).front();
  on.cluster.move_slot(redis::slot_of(on.keys(moving).seq()), 2, 0);
  CHECK(store_in(moving, "there") == "there");
  CHECK(Called(on, [&](redis::Executor& executor, redis::OnReply done) {
          executor.command(moving, {"GET", executor.keys(moving).subs("x")}, std::move(done), 5s);
        }).text == "there");
  on.cluster.move_slot(redis::slot_of(on.keys(moving).seq()), 0, 2);
  on.await_whole();

  std::vector<std::string> nodes;
  on.member->on_loop([&] { nodes = dynamic_cast<redis::RedisStore&>(on.member->store()).nodes(); });
  CHECK(nodes.size() == 3);
  for (const std::string& node : nodes) {
    CHECK(Called(on, [&](redis::Executor& executor, redis::OnReply done) {
            executor.command_on(node, {"PING"}, std::move(done), 5s);
          }).text == "PONG");
  }
}

}  // namespace
}  // namespace relay::test
