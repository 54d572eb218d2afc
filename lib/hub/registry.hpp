// The registry contract: which instances live, and who is present on them. What a backend promises the
// server.
//
// An instance has one Registry, on its first loop; all calls, callbacks and events happen there. A callback
// may run before the call returns and runs exactly once, unless the Registry is destroyed first.
//
// Liveness.   An instance lives while its last beat is younger than `dead_after`, by the store's clock.
// Presence.   What was said with update() is in the store soon, whatever happens in between: it is repeated
// until the
//             store has it. Entries that others removed, while this instance was silent, come back (on_lost).
// Purge.      What a dead instance left is removed by any other; one that lives again meanwhile is spared.
// Errors.     kUnavailable: the store is away.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "hub/channel.hpp"

namespace relay::hub {

// What an instance says of itself with each beat.
struct InstanceStatus {
  std::string id;
  std::string host;
  std::string version;
  std::int64_t started_ms = 0;
  std::int64_t timestamp_ms = 0;  // when it said so, by its own clock
  std::int64_t clients = 0;       // all transports
  std::int64_t loops = 0;
  bool draining = false;  // out of rotation
  double published_per_second = 0;  // since the beat before
  double delivered_per_second = 0;
};

struct Instance {
  InstanceStatus status;      // of a long dead one the id alone
  std::int64_t heard_ms = 0;  // its last beat, by the store's clock
  std::int64_t silent_ms = 0;
  bool alive = false;
};

// A client on a channel came (with its transport) or left (without).
struct PresenceChange {
  ChannelName channel;
  std::uint32_t loop = 0;
  std::uint32_t number = 0;
  std::string transport;
  std::int64_t since_ms = 0;
  bool joined() const { return !transport.empty(); }
};

// Somebody on a channel.
struct Present {
  std::string instance;
  std::string client_id;
  std::string transport;
  std::int64_t since_ms = 0;
};
struct PresenceAnswer {
  std::vector<Present> others;  // on other living instances; beyond `limit` not all of them
  bool all = true;
  std::uint64_t entries = 0;  // of every instance, this one's and dead ones' among them
};

class RegistryEvents {
 public:
  virtual ~RegistryEvents() = default;
  // The store lost entries of this instance: call refill() with `token` and everybody who is present here,
  // once for each loop, in order with that loop's update().
  virtual void on_lost(std::uint64_t token) = 0;
  // This came or left, of any instance, and somebody listens to the channel's joins and leaves.
  virtual void on_present(const Present& who, std::string_view channel, bool joined) = 0;
};

class Registry {
 public:
  virtual ~Registry() = default;
  virtual void beat(InstanceStatus status) = 0;
  virtual void update(std::vector<PresenceChange> changes) = 0;
  virtual void refill(std::uint64_t token, std::vector<PresenceChange> everybody) = 0;
  // Removes what dead instances left.
  virtual void sweep() = 0;
  // Every 100 ms: repeats what the store refused.
  virtual void tick() = 0;
  // Takes this instance and its entries out; nothing but the destructor may follow. `done` also when that
  // failed.
  virtual void retire(std::function<void()> done) = 0;

  virtual void presence(std::string_view channel, std::uint32_t limit,
                        std::function<void(Result<PresenceAnswer>)> done) = 0;
  virtual void instances(std::function<void(Result<std::vector<Instance>>)> done) = 0;
  // Whether the registry has an instance of that id.
  virtual void knows(std::string_view instance, std::function<void(Result<bool>)> done) = 0;
};

}  // namespace relay::hub
