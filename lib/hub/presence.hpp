// Who comes to a channel with presence and who leaves it: what the hub of a loop tells whoever keeps presence
// for other instances. On the hub's loop, from within subscribe, unsubscribe and configure: take a note, call
// nothing.
//
// The relay's own channels ('$…') have no presence.
#pragma once

#include <cstdint>

#include "hub/channel.hpp"
#include "hub/subscription.hpp"

namespace relay::hub {

class PresenceEvents {
 public:
  virtual ~PresenceEvents() = default;
  virtual void on_joined(const ChannelName& channel, const SubscriberInfo& info) = 0;
  // `number` is that of the join's info.
  virtual void on_left(const ChannelName& channel, std::uint32_t number) = 0;
};

}  // namespace relay::hub
