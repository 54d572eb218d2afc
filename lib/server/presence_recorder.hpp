// What the clients of one loop did since the last look: joins and leaves for the registry, which lives on the
// first loop. Loop thread only. Bounded by the subscriptions that come and go within a tick (100 ms): a
// client that came and left again in between leaves no trace.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hub/presence.hpp"
#include "hub/registry.hpp"

namespace relay::server {

class PresenceRecorder final : public hub::PresenceEvents {
 public:
  explicit PresenceRecorder(std::uint32_t loop) : loop_(loop) {}

  void on_joined(const hub::ChannelName& channel, const hub::SubscriberInfo& info) override;
  void on_left(const hub::ChannelName& channel, std::uint32_t number) override;

  std::vector<hub::PresenceChange> take();

 private:
  struct Entry {
    hub::PresenceChange change;
    bool fresh = false;  // the client was not there when the last look was taken
  };
  std::map<std::pair<std::string, std::uint32_t>, Entry, std::less<>> entries_;
  const std::uint32_t loop_;
};

}  // namespace relay::server
