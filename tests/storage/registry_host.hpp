// An instance as its registry sees it, for tests: who is present there, and what it was told. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/redis/instance_registry.hpp"
#include "support/redis_executor.hpp"

namespace relay::test {

class RegistryHost final : public hub::RegistryEvents {
 public:
  RegistryHost(const RedisServer& server, std::string id, std::uint32_t partitions = 1,
               redis::RegistrySettings settings = {})
      : executor(server, partitions) {
    settings.instance = id;
    registry = std::make_unique<redis::InstanceRegistry>(executor, settings, *this, metrics);
    status.id = std::move(id);
    status.host = "a host";
    status.version = "1.2";
    status.started_ms = 1000;
    status.loops = 2;
  }

  RedisExecutor executor;
  metrics::LoopMetrics metrics;
  hub::InstanceStatus status;
  std::vector<std::string> told;  // "+channel client" and "-channel client"
  int losses = 0;
  std::unique_ptr<redis::InstanceRegistry> registry;

  void beat() {
    status.clients = static_cast<std::int64_t>(present_.size());
    registry->beat(status);
  }
  void join(const std::string& channel, std::uint32_t number) {
    present_.insert({channel, number});
    registry->update({change(channel, number, "sse")});
  }
  void leave(const std::string& channel, std::uint32_t number) {
    present_.erase({channel, number});
    registry->update({change(channel, number, "")});
  }
  // All of it is in the store: nothing waits any more.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      registry->tick();
      executor.settle();
    }
  }
  // What P:subs:<channel> should hold of this instance, and does.
  std::set<std::string> expected(const std::string& channel) const {
    std::set<std::string> members;
    for (const auto& [on, number] : present_) {
      if (on == channel) members.insert(status.id + ":0." + std::to_string(number));
    }
    return members;
  }

  void on_lost(std::uint64_t token) override {
    ++losses;
    std::vector<hub::PresenceChange> everybody;
    for (const auto& [channel, number] : present_) everybody.push_back(change(channel, number, "sse"));
    registry->refill(token, std::move(everybody));
  }
  void on_present(const hub::Present& who, std::string_view channel, bool joined) override {
    told.push_back((joined ? "+" : "-") + std::string(channel) + " " + who.client_id);
  }

 private:
  static hub::PresenceChange change(const std::string& channel, std::uint32_t number, std::string transport) {
    return {hub::ChannelName::copy_of(channel), 0, number, std::move(transport), 5000};
  }
  std::set<std::pair<std::string, std::uint32_t>> present_;
};

}  // namespace relay::test
