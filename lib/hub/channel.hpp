// Channel names and what a namespace says of its channels. Values; any thread.
//
// A name is 1 to 255 bytes of printable UTF-8 without spaces or controls. The part before the first ':' is
// the namespace and selects options; a name without ':' uses the defaults. Names that begin with '$' are the
// relay's own (kBroadcastChannel and the like) and cannot be named from outside.
#pragma once

#include <boost/container_hash/hash.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/shared_frame.hpp"

namespace relay::hub {

// Shared, immutable bytes and their hash, in one block:  [ hash : 8 | name … ]
// One copy of a name serves the index, the store and every message, and is hashed once. Any thread.
class ChannelName {
 public:
  ChannelName() = default;  // empty
  static ChannelName copy_of(std::string_view name);
  static std::size_t hash_of(std::string_view name) { return boost::hash<std::string_view>{}(name); }

  explicit operator bool() const { return static_cast<bool>(block_); }
  std::string_view view() const {
    return block_ ? block_.view().substr(sizeof(std::size_t)) : std::string_view();
  }
  std::size_t hash() const {
    if (!block_) return hash_of({});
    std::size_t hash = 0;
    std::memcpy(&hash, block_.data(), sizeof hash);
    return hash;
  }
  bool shares_block_with(const ChannelName& other) const { return block_.data() == other.block_.data(); }

 private:
  SharedFrame block_;
};

// For hash maps with channel names as keys, that can also be asked by a name's bytes.
struct ChannelHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(std::string_view name) const { return ChannelName::hash_of(name); }
  std::size_t operator()(const ChannelName& name) const { return name.hash(); }
};
struct ChannelEqual {
  using is_transparent = void;
  bool operator()(const ChannelName& a, const ChannelName& b) const {
    return a.shares_block_with(b) || a.view() == b.view();
  }
  bool operator()(const ChannelName& a, std::string_view b) const { return a.view() == b; }
  bool operator()(std::string_view a, const ChannelName& b) const { return a == b.view(); }
};

inline constexpr std::size_t kMaxChannelBytes = 255;

// Every WebSocket of the channels front-end hears this one (ephemeral).
inline constexpr std::string_view kBroadcastChannel = "$all";

// What is wrong with a name from outside, as an Error of kind kInvalid, code "bad_channel"; or true.
Result<bool> check_channel_name(std::string_view name);

// The same for a name that is listened to: also "$presence:C", the joins and leaves of C.
Result<bool> check_heard_name(std::string_view name);

// Joins and leaves of C are told as ephemeral messages "join" and "leave" of the channel kPresencePrefix + C.
inline constexpr std::string_view kPresencePrefix = "$presence:";

// Whether only relayd itself can listen to it, on behalf of its clients: it is in no count of theirs.
inline bool is_own_channel(std::string_view name) {
  return name.starts_with('$') && !name.starts_with(kPresencePrefix);
}

// The channel that a name is about: C of "$presence:C", else the name itself. Both are in one partition.
inline std::string_view subject_of(std::string_view channel) {
  return channel.starts_with(kPresencePrefix) ? channel.substr(kPresencePrefix.size()) : channel;
}

std::string_view namespace_of(std::string_view channel);

// What is kept of a channel, and for how long. A message lives until the first bound takes it.
struct ChannelOptions {
  std::uint32_t max_count = 1000;                 // messages
  std::uint64_t max_bytes = 64ULL * 1024 * 1024;  // payload bytes
  Milliseconds max_age{300'000};                  // also the default and the greatest ttl
  bool ephemeral = false;                         // nothing is kept: live only
  bool presence = false;                          // who subscribes can be asked
};

// Options by namespace, falling back to the defaults. Immutable once built; replaced whole on reload.
class Namespaces {
 public:
  Namespaces() = default;
  Namespaces(ChannelOptions defaults, std::map<std::string, ChannelOptions, std::less<>> by_namespace)
      : defaults_(defaults), by_namespace_(std::move(by_namespace)) {}
  const ChannelOptions& of(std::string_view channel) const {
    const auto found = by_namespace_.find(namespace_of(channel));
    return found == by_namespace_.end() ? defaults_ : found->second;
  }

 private:
  ChannelOptions defaults_;
  std::map<std::string, ChannelOptions, std::less<>> by_namespace_;
};

}  // namespace relay::hub
