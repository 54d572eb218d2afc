#include "storage/redis/redis_store.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.hpp"
#include "storage/redis/slots.hpp"

namespace relay::redis {
namespace {

constexpr Milliseconds kTick{100};
constexpr Milliseconds kIdle{10'000};        // until a node that is not needed is stopped
constexpr std::int64_t kClockSlack = 1'000;  // ms that the clocks of two servers may be apart

std::vector<std::string> tags_of(const RedisSettings& settings) {
  if (settings.mode == Mode::kCluster) return partition_tags(settings.partitions);
  return {std::string()};
}

}  // namespace

RedisStore::RedisStore(net::IoLoop& loop, RedisSettings settings, metrics::LoopMetrics& metrics)
    : loop_(loop),
      settings_(std::move(settings)),
      metrics_(metrics),
      topic_head_(settings_.mode == Mode::kCluster ? settings_.prefix + ":{" : ""),
      tick_timer_(loop.context()) {
  const auto tags = tags_of(settings_);
  for (const std::string& tag : tags) {
    const auto number = static_cast<std::uint32_t>(partitions_.size());
    partitions_.push_back(std::make_unique<Partition>(loop_, settings_, metrics_,
                                                      static_cast<PartitionOwner&>(*this), append_load_,
                                                      number, static_cast<std::uint32_t>(tags.size()), tag));
  }
  assigned_.resize(partitions_.size());
  unserved_since_ms_ = loop_.clock().wall_ms();
  topology_ = make_topology(loop_, settings_, tags, [this](const Topology::Map& map) { on_map(map); });
}

RedisStore::~RedisStore() = default;

void RedisStore::attach(std::uint32_t partition, hub::StorageEvents& events) {
  partitions_[partition]->attach(events);
}

std::uint32_t RedisStore::partition_of(std::string_view channel) const {
  return partitions_.size() == 1 ? 0 : redis::partition_of(channel, partitions());
}

void RedisStore::start() {
  stopped_ = false;
  topology_->start();
  schedule_tick();
}

void RedisStore::stop() {
  if (std::exchange(stopped_, true)) return;
  tick_timer_.cancel();
  topology_->stop();
  for (const auto& partition : partitions_) partition->stop();
  for (auto& [name, member] : members_) member.node->stop();
}

void RedisStore::schedule_tick() {
  tick_timer_.expires_after(kTick);
  tick_timer_.async_wait([this, alive = std::weak_ptr<int>(alive_)](boost::system::error_code error) {
    if (error || alive.expired() || stopped_) return;
    schedule_tick();
    tick();
  });
}

void RedisStore::tick() {
  const SteadyTime now = loop_.clock().steady();
  for (auto& [name, member] : members_) {
    if (member.started) member.node->tick(now);
  }
  for (const auto& partition : partitions_) partition->tick(now);
  topology_->tick(now, served());
  tell_unserved();
  rest_idle_nodes(now);
  std::size_t bytes = 0, waiting = 0;
  for (const auto& [name, member] : members_) bytes += member.node->unwritten_bytes();
  for (const auto& partition : partitions_) waiting += partition->waiting();
  metrics_.set(metrics::Gauge::kStoragePendingCommands, static_cast<std::int64_t>(pending_commands()));
  metrics_.set(metrics::Gauge::kStoragePendingBytes, static_cast<std::int64_t>(bytes));
  metrics_.set(metrics::Gauge::kStorageWaiting, static_cast<std::int64_t>(waiting));
}

std::size_t RedisStore::pending_commands() const {
  std::size_t commands = append_load_.appends;
  for (const auto& [name, member] : members_) commands += member.node->pending();
  return commands;
}

bool RedisStore::served() const {
  return std::all_of(partitions_.begin(), partitions_.end(),
                     [](const auto& it) { return it->node() != nullptr; });
}

void RedisStore::rest_idle_nodes(SteadyTime now) {
  for (Node* node : assigned_) {
    if (node != nullptr) member_of(*node).needed = now;
  }
  for (auto& [name, member] : members_) {
    if (!member.started || now - member.needed < kIdle) continue;
    member.started = false;
    member.node->stop();
  }
}

RedisStore::Member& RedisStore::member_at(const options::RedisHost& place) {
  RedisSettings settings = settings_for(settings_, place);
  Member& member = members_[node_name(settings)];
  member.needed = loop_.clock().steady();
  if (!member.node) {
    member.node = std::make_unique<Node>(loop_, std::move(settings), static_cast<NodeOwner&>(*this));
    member.place = place;
  }
  if (!std::exchange(member.started, true)) member.node->start();
  return member;
}

RedisStore::Member& RedisStore::member_of(const Node& node) {
  return members_.find(node.name())->second;
}

// Idempotent: a partition that has left a node which the map still names goes back to it.
void RedisStore::on_map(const Topology::Map& map) {
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = *partitions_[i];
    Node* const node = map[i] ? member_at(*map[i]).node.get() : nullptr;
    if (assigned_[i] != node) {
      if (node != nullptr) partition.move("it is on " + node->name() + " now");
      if (node == nullptr) partition.leave("nobody serves its slot");
      Node* const former = std::exchange(assigned_[i], node);
      if (former != nullptr) on_whole_changed(*former);  // it waits for this one no longer
    }
    if (node != nullptr && node->up() && partition.node() == nullptr) partition.take(*node);
  }
}

template <class Visit>
void RedisStore::for_each_on(Node& node, Visit&& visit) {
  for (const auto& partition : partitions_) {
    if (partition->node() == &node) visit(*partition);
  }
}

void RedisStore::on_node_up(Node& node) {
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    if (assigned_[i] == &node && partitions_[i]->node() == nullptr) partitions_[i]->take(node);
  }
}

void RedisStore::on_node_lost(Node& node, const std::string& why) {
  bool used = false;
  for_each_on(node, [&](Partition& partition) {
    used = true;
    partition.leave(node.name() + ": " + why);
  });
  if (used) metrics_.add(metrics::Counter::kStorageReconnects);
  topology_->refresh();
}

void RedisStore::on_bus_up(Node& node) {
  for_each_on(node, [](Partition& partition) { partition.bus_up(); });
}

void RedisStore::on_bus_lost(Node& node) {
  metrics_.add(metrics::Counter::kStorageReconnects);
  for_each_on(node, [](Partition& partition) { partition.bus_lost(); });
}

Partition* RedisStore::partition_at(std::string_view topic) {
  if (topic_head_.empty()) return partitions_.front().get();
  if (!topic.starts_with(topic_head_)) return nullptr;
  std::uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(topic.data() + topic_head_.size(), topic.data() + topic.size(), number);
  return error == std::errc() && number < partitions_.size() ? partitions_[number].get() : nullptr;
}

// Hot: once per announcement.
void RedisStore::on_bus_message(Node& node, std::string_view topic, std::string_view bytes) {
  Partition* const partition = partition_at(topic);
  if (partition == nullptr || partition->node() != &node) return;
  if (topic == partition->probe_topic()) return node.on_probe(bytes);
  partition->on_announced(topic, bytes);
}

void RedisStore::on_confirmed(Node& node, BusLink::Asker asker, std::string_view topic) {
  Partition& partition = *partitions_[asker.partition];
  if (partition.node() == &node && partition.is_current(asker.life)) partition.on_confirmed(topic);
}

void RedisStore::on_refused(Node& node, BusLink::Asker asker, std::string_view error) {
  Partition& partition = *partitions_[asker.partition];
  if (partition.node() == &node && partition.is_current(asker.life)) partition.on_refusal(node, error);
}

void RedisStore::on_dropped(Node& node, std::string_view topic) {
  Partition* const partition = partition_at(topic);
  if (partition == nullptr || partition->node() != &node) return;
  partition->move("its slot was moved away from " + node.name());
  on_moved(*partition, node);
}

std::string RedisStore::probe_topic(Node& node) {
  for_each_on(node, [](Partition& partition) { partition.check_epoch(); });
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    probed_ = (probed_ + 1) % partitions_.size();
    const Partition& partition = *partitions_[probed_];
    if (partition.node() == &node && partition.whole()) return partition.probe_topic();
  }
  return {};
}

// All that was stored on the node before was announced on the same link before.
void RedisStore::on_proof(Node& node, SteadyTime sent, std::int64_t redis_ms) {
  const MessageId proven = first_id_at(redis_ms - kClockSlack);
  for_each_on(node, [&](Partition& partition) { partition.on_proof(sent, proven); });
}

// Who says that a slot has moved knows where to.
void RedisStore::on_moved(Partition&, Node& node) {
  if (settings_.mode != Mode::kCluster) {
    return node.fail("it belongs to a Redis Cluster: redis.mode must be \"cluster\"");
  }
  if (!node.up() || std::exchange(asking_nodes_, true)) return;
  node.send([](std::string& out) { wire::append_command(out, {"CLUSTER", "NODES"}); },
            [this, place = member_of(node).place](const Reply& reply) {
              asking_nodes_ = false;
              if (reply.value == nullptr || reply.value->is_error()) return topology_->refresh();
              topology_->learn(*reply.value, place);
            });
}

Node* RedisStore::asked_node(Node& by, const Redirect& redirect) {
  if (redirect.port == 0 || settings_.mode != Mode::kCluster) return nullptr;
  const std::string& host = redirect.host.empty() ? member_of(by).place.host : redirect.host;
  Node& node = *member_at({host, redirect.port}).node;
  return node.up() ? &node : nullptr;
}

void RedisStore::on_whole_changed(Node& node) {
  bool whole = node.up();
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    if (assigned_[i] == &node && !partitions_[i]->whole()) whole = false;
  }
  node.set_whole(whole);
}

void RedisStore::on_layout(std::string_view stored) {
  layout_is_good_ = stored == std::to_string(partitions());
  if (layout_is_good_) {
    layout_complained_ = false;
    for (const auto& partition : partitions_) partition->proceed();
    return;
  }
  const std::string why = "the store is laid out for " + std::string(stored) + " partitions, not for " +
                          std::to_string(partitions()) + " (cluster.partitions)";
  for (const auto& partition : partitions_) partition->explain(why);
  for (auto& [name, member] : members_) member.node->explain(why);
  if (!std::exchange(layout_complained_, true))
    log::error("storage.layout", why, {{"prefix", settings_.prefix}});
}

bool RedisStore::lacks_nodes() const {
  return std::find(assigned_.begin(), assigned_.end(), nullptr) != assigned_.end();
}

// Once, when nobody is there to say who serves a partition; nodes speak for themselves.
void RedisStore::tell_unserved() {
  if (!lacks_nodes()) {
    told_unserved_ = false;
  } else if (const std::string trouble = topology_->trouble();
             !trouble.empty() && !std::exchange(told_unserved_, true)) {
    log::warning("storage.lost", "Redis is away; streams stay open, publishes are refused",
                 {{"node", settings_.mode == Mode::kSentinel ? "sentinel" : "cluster"}, {"reason", trouble}});
  }
}

std::vector<hub::NodeHealth> RedisStore::health() const {
  std::vector<hub::NodeHealth> all;
  for (const auto& [name, member] : members_) {
    if (std::find(assigned_.begin(), assigned_.end(), member.node.get()) != assigned_.end()) {
      all.push_back(member.node->health());
    }
  }
  if (lacks_nodes()) {
    const std::string trouble = topology_->trouble();
    all.push_back({settings_.mode == Mode::kSentinel ? "sentinel" : "cluster", false, unserved_since_ms_,
                   stopped_           ? "not started"
                   : !trouble.empty() ? trouble
                   : members_.empty() ? "connecting"
                                      : "nobody serves some of the slots",
                   0});
  }
  return all;
}

void RedisStore::send(std::uint32_t partition, PlainErrand::Encode encode, OnReply on_reply,
                      Milliseconds timeout) {
  const auto errand = std::make_shared<PlainErrand>(std::move(encode));
  errand->on_reply = std::move(on_reply);
  errand->deadline = loop_.clock().steady() + timeout;
  partitions_[partition]->send(errand);
}

void RedisStore::call(std::uint32_t partition, const Script& script, std::vector<std::string> keys,
                      std::vector<std::string> arguments, OnReply on_reply, Milliseconds timeout) {
  send(
      partition,
      [&script, keys = std::move(keys), arguments = std::move(arguments)](std::string& out, bool whole) {
        wire::RespCommand command(out, 3 + keys.size() + arguments.size());
        command.arg(whole ? "EVAL" : "EVALSHA").arg(whole ? script.text() : script.sha()).arg(keys.size());
        for (const std::string& key : keys) command.arg(key);
        for (const std::string& argument : arguments) command.arg(argument);
      },
      std::move(on_reply), timeout);
}

void RedisStore::command(std::uint32_t partition, std::vector<std::string> words, OnReply on_reply,
                         Milliseconds timeout) {
  send(
      partition,
      [words = std::move(words)](std::string& out, bool) {
        wire::RespCommand command(out, words.size());
        for (const std::string& word : words) command.arg(word);
      },
      std::move(on_reply), timeout);
}

std::vector<std::string> RedisStore::nodes() const {
  std::vector<std::string> names;
  for (const Node* node : assigned_) {
    if (node != nullptr && std::find(names.begin(), names.end(), node->name()) == names.end()) {
      names.push_back(node->name());
    }
  }
  return names;
}

void RedisStore::command_on(std::string_view node, std::vector<std::string> words, OnReply on_reply,
                            Milliseconds) {
  const auto found = members_.find(node);
  if (found == members_.end() || !found->second.node->up()) return on_reply({nullptr, false});
  found->second.node->send(
      [&](std::string& out) {
        wire::RespCommand command(out, words.size());
        for (const std::string& word : words) command.arg(word);
      },
      std::move(on_reply));
}

}  // namespace relay::redis
