// The storage contract: what every backend promises the hub. tests/contracts/ holds each of them to it.
//
// There is one Store per event loop, and in it one Storage for each of its partitions. All calls, callbacks
// and events happen on that loop's thread. A callback may run before the call returns (memory does so) and
// runs exactly once, unless the Store is destroyed first; every call is answered within its deadline.
//
// Order.      Ids are given by the store at the moment of storing, strictly increasing in a partition.
// Storing
//             and announcing is one step: announcements of watched channels reach each loop in id order.
// Atomicity.  An append that is answered with an id is stored and announced whole; one answered kUnavailable
// is
//             neither; kUnknown may be either, and is safe to repeat with the same idempotency key.
// Watching.   After watch() has answered, every later message of the channel is announced, until
//             on_interrupted(). A message stored before the answer may be announced or not: read() tells.
// Reading.    A read started after a watch was answered sees every message that was not announced. A read
// never
//             sees an older state than one that was asked for before it.
// Trust.      The hub validates names, sizes and ttls; a backend need not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "hub/channel.hpp"
#include "hub/message.hpp"

namespace relay::hub {

struct AppendRequest {
  Draft draft;
  ChannelOptions keep;          // bounds of the channel's backlog
  std::string idempotency_key;  // empty: none. Remembered for kIdempotencyWindow, per channel.
};
inline constexpr Milliseconds kIdempotencyWindow{600'000};

struct Appended {
  MessageId id = 0;
  bool repeated =
      false;  // the idempotency key was known: this is the id of the first time, nothing was stored
};
// kUnavailable: not stored. kUnknown: no answer within the deadline. kConflict: the key was used for other
// data.
using AppendDone = std::function<void(Result<Appended>)>;

struct ReadQuery {
  ChannelName channel;
  MessageId after = 0;      // 0: everything kept
  std::uint32_t limit = 0;  // at most so many messages; at least 1
  // Of the channel's options, so that a backend can judge how far back it can prove that nothing was stored.
  Milliseconds max_age{300'000};
};
struct Page {
  std::vector<MessagePtr> messages;  // kept and unexpired, ids above `after`, ascending
  bool more = false;                 // further messages follow the last one
  // The highest id known to be gone (trimmed or expired), 0 if none: with after < gone, something is missing.
  MessageId gone = 0;
};
// A place where the data parted from a life of it that was lost, or may have been: the store has what it had
// up to `common`, and may have other messages than that life above it. The life that began then has ids from
// `epoch` on.
struct Fork {
  MessageId epoch = 0;
  MessageId common = 0;
};
// One page per query, in the order of the queries; no queries ask for epoch and last alone.
struct ReadAnswer {
  std::vector<Page> pages;
  MessageId epoch =
      0;  // the first id of the stored data's life: a cursor below it belongs to data that was lost
  MessageId last = 0;       // the newest id given when (or before) the pages were read; never below epoch - 1
  std::vector<Fork> forks;  // as far as they are remembered
  // The highest id at or below `cursor` up to which the store has what the cursor's life had.
  MessageId common(MessageId cursor) const {
    for (const Fork& fork : forks) {
      if (cursor + 1 < fork.epoch) cursor = std::min(cursor, fork.common);
    }
    return cursor;
  }
  // The first id of the life that began where the cursor's was lost; 0: it was not, as far as the forks know.
  MessageId life_after(MessageId cursor) const {
    MessageId first = 0;
    for (const Fork& fork : forks) {
      if (cursor + 1 >= fork.epoch || fork.common >= cursor) continue;
      first = first == 0 ? fork.epoch : std::min(first, fork.epoch);
    }
    return first;
  }
};
using ReadDone = std::function<void(Result<ReadAnswer>)>;
using WatchDone = std::function<void(Result<bool>)>;

// Ephemeral messages of a watched channel, with ids from `first` to `last`, that will not be announced.
struct Skipped {
  ChannelName channel;
  MessageId first = 0;
  MessageId last = 0;
  std::uint64_t count = 0;
};

// What a backend tells the hub of a partition.
class StorageEvents {
 public:
  virtual ~StorageEvents() = default;
  // A message of a watched channel, in id order.
  virtual void on_announced(DeliveryPtr delivery) = 0;
  // The same for several that follow each other. Takes them.
  virtual void on_announced_together(std::span<DeliveryPtr> deliveries) {
    for (DeliveryPtr& delivery : deliveries) on_announced(std::move(delivery));
  }
  // From here on announcements may be missing.
  virtual void on_interrupted() = 0;
  // Every watch is confirmed and announcements are complete from here; what was missed must be read. Also
  // when a link is there for the first time; never at the start of a store that has no link.
  virtual void on_restored() = 0;
  // While interrupted: what was announced above `common` is lost, and other messages may have such ids now.
  virtual void on_forgotten(MessageId /*common*/) {}
  // Everything kept up to here has reached whoever is live, also while interrupted. 0: unknown.
  virtual MessageId reached() const { return 0; }
  // The loop was too slow for them. Only a backend whose announcements wait in a bounded queue says so.
  virtual void on_skipped(const Skipped&) {}
};

// One line per node of the store, for readiness, metrics and operators.
struct NodeHealth {
  std::string name;  // "memory", "127.0.0.1:6379"
  bool up = false;
  std::int64_t since_ms = 0;      // wall time of the last change of `up`
  std::string reason;             // why it is down; empty when up
  std::int64_t probe_age_ms = 0;  // since the last end-to-end proof; 0 where there is none
};

// One partition: the unit of order. Channels of other partitions are not named to it.
class Storage {
 public:
  virtual ~Storage() = default;
  virtual void append(AppendRequest&& request, AppendDone done) = 0;
  virtual void read(std::vector<ReadQuery> queries, ReadDone done) = 0;
  // REQUIRES: not watched; one that failed is not. While the link is down the answer waits for its return or
  // the deadline.
  virtual void watch(ChannelName channel, WatchDone done) = 0;
  // Also cancels a watch that is not answered yet: its callback is dropped. Unknown channels are ignored.
  virtual void unwatch(const ChannelName& channel) = 0;
  // Every message with an id up to here was announced, if it was watched: the store's clock at the last
  // end-to-end proof. Never lower than before. 0 where ids of all channels are one order, which says it
  // without proof.
  virtual MessageId proven() const { return 0; }
};

// A loop's store: its partitions, one Storage each.
class Store {
 public:
  virtual ~Store() = default;
  // Before start().
  virtual void attach(std::uint32_t partition, StorageEvents& events) = 0;
  // Once each, on the loop. Before start() calls only queue; after stop() nothing is answered or announced.
  virtual void start() {}
  virtual void stop() {}
  // A backend may take the appends of a turn together and answer them at its end; this answers them now.
  virtual void settle() {}
  virtual std::uint32_t partitions() const = 0;  // fixed for the life of the store
  virtual std::uint32_t partition_of(std::string_view channel) const = 0;
  virtual Storage& partition(std::uint32_t number) = 0;
  Storage& of(std::string_view channel) { return partition(partition_of(channel)); }
  virtual std::vector<NodeHealth> health() const = 0;
};

// A Store of one partition, and that partition.
class SoleStorage : public Store, public Storage {
 public:
  void attach(std::uint32_t, StorageEvents& events) override { events_ = &events; }
  std::uint32_t partitions() const override { return 1; }
  std::uint32_t partition_of(std::string_view) const override { return 0; }
  Storage& partition(std::uint32_t) override { return *this; }

 protected:
  StorageEvents& events() { return *events_; }

 private:
  StorageEvents* events_ = nullptr;
};

}  // namespace relay::hub
