// A loop's store on Redis 7 or Valkey: a single server, a master that Sentinel names, or a Redis Cluster.
//
// One loop, one RedisStore; everything happens on the loop's thread. It joins partitions to the nodes that
// serve them, as the topology says; each node has links of its own (node.hpp), each partition a state of its
// own (partition.hpp). Redis need not be there at start().
//
// The store is laid out for a number of partitions, for good: an instance with another number serves nothing
// and says so, in the log once, in its health for as long as it lasts.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/storage.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/io_loop.hpp"
#include "storage/redis/executor.hpp"
#include "storage/redis/node.hpp"
#include "storage/redis/partition.hpp"
#include "storage/redis/settings.hpp"
#include "storage/redis/topology.hpp"

namespace relay::redis {

class RedisStore final : public hub::Store, public Executor, private NodeOwner, private PartitionOwner {
 public:
  // REQUIRES: `loop` and `metrics` outlive it.
  RedisStore(net::IoLoop& loop, RedisSettings settings, metrics::LoopMetrics& metrics);
  // REQUIRES: not from within one of its callbacks. What is unanswered stays so.
  ~RedisStore() override;

  void attach(std::uint32_t partition, hub::StorageEvents& events) override;
  void start() override;
  // Closes the links and answers everything; later calls are kUnavailable. on_interrupted() is not called.
  void stop() override;
  std::uint32_t partitions() const override { return static_cast<std::uint32_t>(partitions_.size()); }
  std::uint32_t partition_of(std::string_view channel) const override;
  hub::Storage& partition(std::uint32_t number) override { return *partitions_[number]; }
  std::vector<hub::NodeHealth> health() const override;
  // Sent or queued, and not answered: on all nodes.
  std::size_t pending_commands() const;

  // Executor
  const Keyspace& keys(std::uint32_t partition) const override { return partitions_[partition]->keys(); }
  void call(std::uint32_t partition, const Script& script, std::vector<std::string> keys,
            std::vector<std::string> arguments, OnReply on_reply, Milliseconds timeout) override;
  void command(std::uint32_t partition, std::vector<std::string> words, OnReply on_reply,
               Milliseconds timeout) override;
  std::vector<std::string> nodes() const override;
  void command_on(std::string_view node, std::vector<std::string> words, OnReply on_reply,
                  Milliseconds timeout) override;

 private:
  struct Member {
    std::unique_ptr<Node> node;
    options::RedisHost place;
    bool started = false;
    SteadyTime needed{};  // last
  };

  // NodeOwner
  void on_node_up(Node& node) override;
  void on_node_lost(Node& node, const std::string& why) override;
  void on_bus_up(Node& node) override;
  void on_bus_lost(Node& node) override;
  void on_bus_message(Node& node, std::string_view topic, std::string_view bytes) override;
  void on_confirmed(Node& node, BusLink::Asker asker, std::string_view topic) override;
  void on_refused(Node& node, BusLink::Asker asker, std::string_view error) override;
  void on_dropped(Node& node, std::string_view topic) override;
  std::string probe_topic(Node& node) override;
  void on_proof(Node& node, SteadyTime sent, std::int64_t redis_ms) override;

  // PartitionOwner
  void on_moved(Partition& partition, Node& node) override;
  void on_unserved() override { topology_->refresh(); }
  Node* asked_node(Node& by, const Redirect& redirect) override;
  void on_whole_changed(Node& node) override;
  bool layout_is_good() const override { return layout_is_good_; }
  void on_layout(std::string_view stored) override;

  void on_map(const Topology::Map& map);
  Member& member_at(const options::RedisHost& place);
  Member& member_of(const Node& node);
  template <class Visit>
  void for_each_on(Node& node, Visit&& visit);
  // Null when the topic is none of ours.
  Partition* partition_at(std::string_view topic);
  bool served() const;
  bool lacks_nodes() const;  // nobody is known to serve some partition
  void tell_unserved();
  void tick();
  void schedule_tick();
  void rest_idle_nodes(SteadyTime now);
  void send(std::uint32_t partition, PlainErrand::Encode encode, OnReply on_reply, Milliseconds timeout);

  net::IoLoop& loop_;
  const RedisSettings settings_;
  metrics::LoopMetrics& metrics_;
  const std::string
      topic_head_;  // of a topic with a partition's number behind it; empty: there is one partition
  AppendLoad append_load_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::vector<Node*> assigned_;  // by partition
  // By name. A node that is not needed is stopped and kept: what it has not answered may still point at it.
  std::map<std::string, Member, std::less<>> members_;
  std::unique_ptr<Topology> topology_;

  bool stopped_ = true;
  bool layout_is_good_ = false;
  bool layout_complained_ = false;
  bool told_unserved_ = false;  // in the log
  bool asking_nodes_ = false;
  std::size_t probed_ = 0;  // the partition that was last
  std::int64_t unserved_since_ms_ = 0;
  boost::asio::steady_timer tick_timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // timers look whether their object is
};

}  // namespace relay::redis
