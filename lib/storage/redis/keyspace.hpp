// The layout of relay's data in Redis: the one place that makes key and topic names. Values; any thread.
//
// What each key and topic is stands in key_table.hpp.
//
// Record and marker are drawn in record.hpp. The marker remembers what trimming took: its id is the highest
// one removed, so it is always the lowest element, and a range after a cursor begins with it exactly if
// something after the cursor was trimmed. A log expires as a whole after its last message has; P:last:C
// outlives it, and a new log begins with a marker for it. So a cursor older than what is kept is told from
// one that missed nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace relay::redis {

inline constexpr Milliseconds kLinger{60'000};
// A channel's last id is remembered so long after its log is gone.
inline constexpr Milliseconds kRemembered{24 * 3'600'000};

// A silent instance's description is kept so long if nobody purges it.
inline constexpr Milliseconds kInstanceKept{24 * 3'600'000};
// A lease that its holder does not renew ends by itself.
inline constexpr Milliseconds kLease{10'000};

class Keyspace {
 public:
  // `tag`: the partition's hash tag; empty: none.
  explicit Keyspace(std::string_view prefix, std::string_view tag = {});

  const std::string& seq() const { return seq_; }
  const std::string& epoch() const { return epoch_; }
  const std::string& history() const { return history_; }
  const std::string& forks() const { return forks_; }
  const std::string& layout() const { return layout_; }
  // One name in two pieces, so that a caller that formats a command need not build it.
  std::string_view log_prefix() const { return log_; }
  std::string_view bytes_prefix() const { return bytes_; }
  std::string_view bus_prefix() const { return bus_; }

  std::string log(std::string_view channel) const { return log_ + std::string(channel); }
  std::string bytes(std::string_view channel) const { return bytes_ + std::string(channel); }
  std::string last(std::string_view channel) const { return last_ + std::string(channel); }
  std::string bus(std::string_view channel) const { return bus_ + std::string(channel); }
  // `key` is the publisher's idempotency key, of any length and content.
  std::string idempotency(std::string_view channel, std::string_view key) const;
  std::string probe(std::string_view instance, int loop) const;

  const std::string& instances() const { return instances_; }
  const std::string& purge_lease() const { return purge_lease_; }
  const std::string& instance_prefix() const { return instance_; }
  const std::string& held_prefix() const { return held_; }
  const std::string& subs_prefix() const { return subs_; }
  std::string instance(std::string_view id) const { return instance_ + std::string(id); }
  std::string held(std::string_view id) const { return held_ + std::string(id); }
  std::string subs(std::string_view channel) const { return subs_ + std::string(channel); }
  // Without a tag: any node takes it, and who listens need not know about partitions.
  std::string heartbeat_topic(std::string_view id) const {
    return heartbeat_ + std::string(id) + ":heartbeat";
  }
  // Behind it a channel's name gives the topic of its joins and leaves; numsub() is PUBSUB's word to count
  // who listens.
  const std::string& presence_topic_prefix() const { return presence_; }
  std::string_view numsub() const { return sharded_ ? "SHARDNUMSUB" : "NUMSUB"; }
  // The channel of a bus topic; empty if it is none of ours.
  std::string_view channel_of(std::string_view topic) const;

 private:
  std::string seq_, epoch_, history_, forks_, layout_, log_, bytes_, last_, idem_, bus_, probe_;
  std::string instances_, instance_, heartbeat_, held_, subs_, purge_lease_, presence_;
  bool sharded_;
};

// 32 hex digits that nobody can steer (SHA-256, cut): for idempotency keys and the data they stand for.
std::string short_hash(std::string_view bytes);

}  // namespace relay::redis
