// A real master with its replicas, and three sentinels that watch over them, on loopback, ended by pid.
//
// One test thread. Node 0 is the master at the beginning. Throws std::runtime_error when something does not
// come about in time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/redis_server.hpp"

namespace relay::test {

class RedisSentinels {
 public:
  static constexpr const char* kMaster = "relay-master";
  explicit RedisSentinels(std::size_t replicas = 1,
                          std::chrono::milliseconds down_after = std::chrono::seconds(1));

  redis::RedisSettings settings() const;
  std::string url() const;  // of the sentinels, as redis.url takes it
  RedisServer& node(std::size_t index) { return *nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }
  // Who the sentinels say it is, as soon as that is another than `former`.
  std::size_t await_other_master(std::size_t former);
  // All of them name it: whichever is asked, it is found.
  void await_agreement_on(std::size_t master);
  void command_failover();  // as an operator does
  void await_replicas();    // until every replica has its master's data

 private:
  std::string ask(std::initializer_list<std::string_view> words, std::size_t sentinel = 0);

  std::vector<std::unique_ptr<RedisServer>> nodes_;
  std::vector<std::unique_ptr<ScratchFolder>> folders_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::unique_ptr<ChildProcess>> sentinels_;
};

}  // namespace relay::test
