// A real Redis Cluster of a test's own: masters and their replicas on loopback, ended by pid.
//
// One test thread. The masters are nodes 0 to masters - 1, the replicas of the first pass follow in the same
// order: at the beginning node masters + i is the replica of node i. Throws std::runtime_error when something
// does not come about in time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/await.hpp"
#include "support/redis_server.hpp"

namespace relay::test {

class RedisCluster {
 public:
  struct Options {
    std::size_t masters = 3;
    std::size_t replicas = 1;  // of each master
    bool keep_data = false;
    std::chrono::milliseconds node_timeout{1500};  // until the others take a silent node for failed
    std::vector<std::string> more = {};            // further arguments of redis-server
  };
  RedisCluster() : RedisCluster(Options{}) {}
  explicit RedisCluster(Options options);

  redis::RedisSettings settings() const;
  std::string url() const;  // of all nodes, as redis.url takes it
  RedisServer& node(std::size_t index) { return *nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }
  std::size_t masters() const { return options_.masters; }

  // The master that serves the slot of this key, as node `witness` sees it.
  std::size_t master_of(std::string_view key, std::size_t witness = 0);
  // Until node `witness` takes `replica` for a master that serves slots.
  void await_master(std::size_t replica, std::size_t witness);
  // Exchanges the roles of `replica` and its master by CLUSTER FAILOVER, and awaits it as above.
  void fail_over(std::size_t replica, std::size_t witness);
  // Until all nodes agree that every slot is served, and every replica has its master's data.
  void await_whole();
  // Moves a slot with all its keys, as redis-cli --cluster reshard does.
  void move_slot(std::uint32_t slot, std::size_t from, std::size_t to);

 private:
  bool is_master(std::size_t replica, std::size_t witness);
  std::string id_of(std::size_t index) { return node(index).command({"CLUSTER", "MYID"}); }

  const Options options_;
  std::vector<std::unique_ptr<RedisServer>> nodes_;
  std::vector<std::string> ids_;
};

}  // namespace relay::test
