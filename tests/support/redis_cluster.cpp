#include "support/redis_cluster.hpp"

#include <sstream>
#include <stdexcept>
#include <thread>

#include "storage/redis/cluster_nodes.hpp"
#include "storage/redis/slots.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;

std::string value_of(RedisServer& server, std::string_view section, std::string_view key) {
  const std::string info =
      section == "cluster" ? server.command({"CLUSTER", "INFO"}) : server.command({"INFO", section});
  const auto at = info.find(std::string(key) + ":");
  if (at == info.npos) return {};
  const auto begin = at + key.size() + 1;
  return info.substr(begin, info.find_first_of("\r\n", begin) - begin);
}

}  // namespace

RedisCluster::RedisCluster(Options options) : options_(std::move(options)) {
  const std::size_t count = options_.masters * (1 + options_.replicas);
  std::vector<std::string> bus_ports;
  for (std::size_t i = 0; i < count; ++i) {
    bus_ports.push_back(std::to_string(free_port()));
    RedisServer::Options its{.way = RedisWay::kTcp, .keep_data = options_.keep_data, .more = options_.more};
    for (std::string word :
         {std::string("--cluster-enabled"), std::string("yes"), std::string("--cluster-port"),
          bus_ports.back(), std::string("--cluster-node-timeout"),
          std::to_string(options_.node_timeout.count()), std::string("--cluster-replica-validity-factor"),
          std::string("0"), std::string("--repl-diskless-sync-delay"), std::string("0")}) {
      its.more.push_back(std::move(word));
    }
    nodes_.push_back(std::make_unique<RedisServer>(its));
    ids_.push_back(id_of(i));
    node(i).command({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  }
  for (std::size_t i = 0; i < options_.masters; ++i) {
    const auto first = redis::kSlots * i / options_.masters;
    const auto last = redis::kSlots * (i + 1) / options_.masters - 1;
    node(i).command({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)});
  }
  for (std::size_t i = 1; i < count; ++i) {
    node(0).command({"CLUSTER", "MEET", "127.0.0.1", std::to_string(node(i).port()), bus_ports[i]});
  }
  for (std::size_t i = 0; i < count; ++i) {
    await_condition(
        [&] { return value_of(node(i), "cluster", "cluster_known_nodes") == std::to_string(count); },
        "the nodes of a cluster know each other");
  }
  for (std::size_t i = options_.masters; i < count; ++i) {
    await_condition(
        [&] { return node(i).command({"CLUSTER", "REPLICATE", ids_[i % options_.masters]}) == "OK"; },
        "a node becomes a replica");
  }
  await_whole();
}

void RedisCluster::await_whole() {
  for (std::size_t i = 0; i < size(); ++i) {
    await_condition(
        [&] {
          if (value_of(node(i), "cluster", "cluster_state") != "ok") return false;
          if (value_of(node(i), "replication", "role") == "slave")
            return value_of(node(i), "replication", "master_link_status") == "up";
          // A replica that is up at its own end may still be waited for at the master's.
          const std::string replicas = node(i).command({"INFO", "replication"});
          return replicas.find("state=wait") == replicas.npos && replicas.find("state=send") == replicas.npos;
        },
        "the cluster is whole");
  }
}

redis::RedisSettings RedisCluster::settings() const {
  redis::RedisSettings settings = nodes_.front()->settings();
  settings.mode = redis::Mode::kCluster;
  for (std::size_t i = 1; i < size(); ++i)
    settings.server.more_hosts.push_back({"127.0.0.1", nodes_[i]->port()});
  return settings;
}

std::string RedisCluster::url() const {
  std::string url;
  for (const auto& its : nodes_)
    url += (url.empty() ? "redis://127.0.0.1:" : ",127.0.0.1:") + std::to_string(its->port());
  return url;
}

std::size_t RedisCluster::master_of(std::string_view key, std::size_t witness) {
  const std::uint32_t slot = redis::slot_of(key);
  for (const redis::ClusterNode& its :
       redis::parse_cluster_nodes(node(witness).command({"CLUSTER", "NODES"}))) {
    for (const auto& [first, last] : its.slots) {
      if (slot < first || slot > last) continue;
      for (std::size_t i = 0; i < size(); ++i) {
        if (node(i).port() == its.port) return i;
      }
    }
  }
  throw std::runtime_error("nobody serves the slot");
}

bool RedisCluster::is_master(std::size_t replica, std::size_t witness) {
  for (const auto& its : redis::parse_cluster_nodes(node(witness).command({"CLUSTER", "NODES"}))) {
    if (its.port == node(replica).port() && its.is_master && !its.slots.empty()) return true;
  }
  return false;
}

void RedisCluster::await_master(std::size_t replica, std::size_t witness) {
  await_condition([&] { return is_master(replica, witness); }, "a replica is promoted");
}

// A server gives a manual failover up after five seconds, which a busy machine may need for it.
void RedisCluster::fail_over(std::size_t replica, std::size_t witness) {
  for (int attempt = 0; attempt < 4; ++attempt) {
    node(replica).command({"CLUSTER", "FAILOVER"});
    if (await([&] { return is_master(replica, witness); }, std::chrono::seconds(6))) return;
  }
  throw std::runtime_error("not in time: a replica is promoted");
}

void RedisCluster::move_slot(std::uint32_t slot, std::size_t from, std::size_t to) {
  const std::string number = std::to_string(slot);
  node(to).command({"CLUSTER", "SETSLOT", number, "IMPORTING", ids_[from]});
  node(from).command({"CLUSTER", "SETSLOT", number, "MIGRATING", ids_[to]});
  for (;;) {
    const auto keys = node(from).list({"CLUSTER", "GETKEYSINSLOT", number, "10"});
    if (keys.empty()) break;
    std::vector<std::string> command{"MIGRATE", "127.0.0.1", std::to_string(node(to).port()), "", "0",
                                     "5000",    "KEYS"};
    command.insert(command.end(), keys.begin(), keys.end());
    const std::string answer = node(from).list(command).at(0);
    if (answer.starts_with('-')) throw std::runtime_error("MIGRATE: " + answer);
  }
  for (const std::size_t index : {to, from})
    node(index).command({"CLUSTER", "SETSLOT", number, "NODE", ids_[to]});
}

}  // namespace relay::test
