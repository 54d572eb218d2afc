// A RedisServer as the backend of contract tests.
#pragma once

#include <utility>

#include "contracts/storage_contract.hpp"
#include "storage/redis/redis_store.hpp"
#include "support/redis_server.hpp"

namespace relay::test {

inline MakeStorage redis_maker(redis::RedisSettings settings) {
  return [settings = std::move(settings)](net::IoLoop& loop, metrics::LoopMetrics& metrics) {
    return std::make_unique<redis::RedisStore>(loop, settings, metrics);
  };
}

class RedisBackend final : public Backend {
 public:
  explicit RedisBackend(RedisWay way) : server_({.way = way, .keep_data = false, .more = {}}) {}
  MakeStorage maker() override { return redis_maker(server_.settings()); }
  // Redis's clock cannot be set: the last id is set ahead instead, which is the same to the next one.
  void set_clock_back(Milliseconds by) override {
    server_.command({"INCRBY", "relay:seq", std::to_string(first_id_at(by.count()))});
  }
  RedisServer& server() { return server_; }

 private:
  RedisServer server_;
};

}  // namespace relay::test
