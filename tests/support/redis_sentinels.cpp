#include "support/redis_sentinels.hpp"

#include <stdexcept>

#include "support/redis_cluster.hpp"

namespace relay::test {

using namespace std::chrono_literals;

RedisSentinels::RedisSentinels(std::size_t replicas, std::chrono::milliseconds down_after) {
  nodes_.push_back(std::make_unique<RedisServer>(RedisServer::Options{
      .way = RedisWay::kTcp, .keep_data = true, .more = {"--repl-diskless-sync-delay", "0"}}));
  const std::string master = std::to_string(node(0).port());
  for (std::size_t i = 0; i < replicas; ++i) {
    nodes_.push_back(std::make_unique<RedisServer>(RedisServer::Options{
        .way = RedisWay::kTcp,
        .keep_data = true,
        .more = {"--replicaof", "127.0.0.1 " + master, "--repl-diskless-sync-delay", "0"}}));
  }
  await_replicas();
  for (int i = 0; i < 3; ++i) {
    ports_.push_back(free_port());
    folders_.push_back(std::make_unique<ScratchFolder>());
    const std::string name = kMaster;
    const std::string file = folders_.back()->write(
        "sentinel.conf", "port " + std::to_string(ports_.back()) + "\nbind 127.0.0.1\ndir " +
                             folders_.back()->path() + "\nsentinel monitor " + name + " 127.0.0.1 " + master +
                             " 2\nsentinel down-after-milliseconds " + name + " " +
                             std::to_string(down_after.count()) + "\nsentinel failover-timeout " + name +
                             " 4000\n");
    sentinels_.push_back(
        std::make_unique<ChildProcess>(std::vector<std::string>{redis_program(), file, "--sentinel"}));
    if (!sentinels_.back()->await_line("+monitor master", 20s)) {
      throw std::runtime_error("a sentinel does not start: " + sentinels_.back()->output());
    }
  }
  for (const auto& sentinel : sentinels_) {
    await_condition(
        [&] {
          const std::string said = sentinel->output();
          const auto first = said.find("+sentinel sentinel");
          return first != said.npos && said.find("+sentinel sentinel", first + 1) != said.npos &&
                 (nodes_.size() == 1 || said.find("+slave slave") != said.npos);
        },
        "the sentinels know each other and the replicas");
  }
}

void RedisSentinels::await_replicas() {
  for (const auto& its : nodes_) {
    await_condition(
        [&] {
          const std::string info = its->command({"INFO", "replication"});
          return info.find("role:slave") == info.npos || info.find("master_link_status:up") != info.npos;
        },
        "a replica has its master's data");
  }
}

redis::RedisSettings RedisSentinels::settings() const {
  redis::RedisSettings settings = nodes_.front()->settings();
  settings.mode = redis::Mode::kSentinel;
  settings.sentinel_master = kMaster;
  settings.server.port = ports_[0];
  settings.server.more_hosts = {{"127.0.0.1", ports_[1]}, {"127.0.0.1", ports_[2]}};
  return settings;
}

std::string RedisSentinels::url() const {
  std::string url;
  for (const std::uint16_t port : ports_)
    url += (url.empty() ? "redis://127.0.0.1:" : ",127.0.0.1:") + std::to_string(port);
  return url;
}

// redis-cli, for a sentinel has no Unix socket.
std::string RedisSentinels::ask(std::initializer_list<std::string_view> words, std::size_t sentinel) {
  std::vector<std::string> command{"redis-cli", "-p", std::to_string(ports_[sentinel])};
  command.insert(command.end(), words.begin(), words.end());
  ChildProcess process(command);
  if (process.wait(10s) != 0) throw std::runtime_error("redis-cli: " + process.output());
  return process.output();
}

std::size_t RedisSentinels::await_other_master(std::size_t former) {
  std::size_t master = former;
  await_condition(
      [&] {
        const std::string place = ask({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", kMaster});
        for (std::size_t i = 0; i < size(); ++i) {
          if (place.find(std::to_string(node(i).port())) != place.npos) master = i;
        }
        return master != former;
      },
      "the sentinels name another master");
  return master;
}

void RedisSentinels::await_agreement_on(std::size_t master) {
  const std::string port = std::to_string(node(master).port());
  await_condition(
      [&] {
        for (std::size_t i = 0; i < ports_.size(); ++i) {
          if (ask({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", kMaster}, i).find(port) == port.npos) return false;
        }
        return true;
      },
      "all sentinels name the new master");
}

void RedisSentinels::command_failover() {
  // One is enough: an answer that came too late to be seen is known by the next one.
  await_condition(
      [this] {
        const std::string said = ask({"SENTINEL", "FAILOVER", kMaster});
        return said.starts_with("OK") || said.find("INPROG") != said.npos;
      },
      "a failover begins");
}

}  // namespace relay::test
