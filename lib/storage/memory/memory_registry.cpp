#include "storage/memory/memory_registry.hpp"

namespace relay::memory {

void MemoryRegistry::beat(hub::InstanceStatus status) {
  self_.status = std::move(status);
  self_.heard_ms = clock_.wall_ms();
  self_.alive = true;
}

void MemoryRegistry::update(std::vector<hub::PresenceChange> changes) {
  const std::string& id = self_.status.id;
  for (const hub::PresenceChange& change : changes) {
    if (!store_->is_watched(std::string(hub::kPresencePrefix) + std::string(change.channel.view()))) continue;
    const std::string client = id + '.' + std::to_string(change.loop) + '.' + std::to_string(change.number);
    events_.on_present({id, client, change.transport, change.since_ms}, change.channel.view(),
                       change.joined());
  }
}

void MemoryRegistry::presence(std::string_view, std::uint32_t,
                              std::function<void(Result<hub::PresenceAnswer>)> done) {
  done(hub::PresenceAnswer{});
}

void MemoryRegistry::instances(std::function<void(Result<std::vector<hub::Instance>>)> done) {
  hub::Instance self = self_;
  self.silent_ms = clock_.wall_ms() - self.heard_ms;
  done(std::vector<hub::Instance>{std::move(self)});
}

void MemoryRegistry::knows(std::string_view instance, std::function<void(Result<bool>)> done) {
  done(instance == self_.status.id);
}

}  // namespace relay::memory
