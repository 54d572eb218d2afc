// The registry contract for memory storage: this instance is the only one, and its own clients are known to
// its loops. First loop's thread only.
#pragma once

#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "hub/registry.hpp"
#include "storage/memory/memory_store.hpp"

namespace relay::memory {

class MemoryRegistry final : public hub::Registry {
 public:
  // REQUIRES: `clock` and `events` outlive it.
  MemoryRegistry(const Clock& clock, std::shared_ptr<MemoryStore> store, hub::RegistryEvents& events)
      : clock_(clock), store_(std::move(store)), events_(events) {}

  void beat(hub::InstanceStatus status) override;
  void update(std::vector<hub::PresenceChange> changes) override;
  void refill(std::uint64_t, std::vector<hub::PresenceChange>) override {}
  void sweep() override {}
  void tick() override {}
  void retire(std::function<void()> done) override { done(); }
  void presence(std::string_view, std::uint32_t,
                std::function<void(Result<hub::PresenceAnswer>)> done) override;
  void instances(std::function<void(Result<std::vector<hub::Instance>>)> done) override;
  void knows(std::string_view instance, std::function<void(Result<bool>)> done) override;

 private:
  const Clock& clock_;
  const std::shared_ptr<MemoryStore> store_;
  hub::RegistryEvents& events_;
  hub::Instance self_;
};

}  // namespace relay::memory
