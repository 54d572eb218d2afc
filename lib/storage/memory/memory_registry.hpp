// The registry contract for memory storage: this instance is the only one, and its own clients are known to its loops.
// First loop's thread only.
#pragma once

#include "base/clock.hpp"
#include "hub/registry.hpp"

namespace relay::memory {

class MemoryRegistry final : public hub::Registry {
 public:
  // REQUIRES: both outlive it.
  MemoryRegistry(const Clock& clock, hub::RegistryEvents& events) : clock_(clock), events_(events) {}

  void beat(hub::InstanceStatus status) override;
  void update(std::vector<hub::PresenceChange> changes) override;
  void refill(std::uint64_t, std::vector<hub::PresenceChange>) override {}
  void sweep() override {}
  void tick() override {}
  void retire(std::function<void()> done) override { done(); }
  void presence(std::string_view, std::uint32_t, std::function<void(Result<hub::PresenceAnswer>)> done) override;
  void instances(std::function<void(Result<std::vector<hub::Instance>>)> done) override;
  void knows(std::string_view instance, std::function<void(Result<bool>)> done) override;

 private:
  const Clock& clock_;
  hub::RegistryEvents& events_;
  hub::Instance self_;
};

}  // namespace relay::memory
