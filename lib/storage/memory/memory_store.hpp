// The stored data of memory mode, shared by the loops of one process.
//
// One partition: one lock, under which an id is given, the message is kept and it is put into the inbox of
// each loop that watches the channel. So ids, backlogs and announcements have one order. The lock is held for
// some 200 ns per message, kMostTogether messages at most, and never while anything is written to a socket.
//
// A backlog is a ring in id order, bounded by count, bytes and age; what the bounds took is remembered as
// one id
// (`gone`), for a day after the last message could have expired: so a cursor that missed something is told
// from one that did not. A cursor older than that into a channel nobody remembers is told that it may have.
// Any thread.
#pragma once

#include <boost/circular_buffer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/prefetch.hpp"
#include "hub/storage.hpp"

namespace relay::memory {

inline constexpr std::size_t kDefaultInboxBytes = 8 * 1024 * 1024;
// Messages stored under one lock. More wait for memory together no better, but are more blocks of a size
// than malloc keeps at hand.
inline constexpr std::size_t kMostTogether = 4;

// What one loop has yet to hear of, in id order. Bounded in bytes: a loop that falls behind misses what comes
// after until it has taken everything before, and is told what that was.
class Inbox {
 public:
  struct Taken {
    std::vector<hub::DeliveryPtr> deliveries;
    bool more = false;  // there are further ones: take again
    // After these deliveries there is a hole.
    bool missed_kept = false;  // messages that are kept: read them
    std::vector<hub::Skipped> skipped;
  };
  struct Counts {
    std::size_t bytes = 0;        // waiting now
    std::uint64_t overflows = 0;  // times it was full
    std::uint64_t missed = 0;     // messages that found it full
  };

  explicit Inbox(std::function<void()> wake, std::size_t max_bytes = kDefaultInboxBytes)
      : max_bytes_(max_bytes), wake_(std::move(wake)) {}
  // Whether the inbox stopped being empty: then its loop is to be woken.
  bool push(const hub::DeliveryPtr& delivery);
  void wake() const { wake_(); }
  // About `bytes` of it; at least one delivery if there is any.
  Taken take(std::size_t bytes);
  Counts counts() const;

 private:
  void miss(const hub::Message& message);

  const std::size_t max_bytes_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::deque<hub::DeliveryPtr> deliveries_;
  bool full_ = false;  // from the first message missed until all before it is taken
  bool missed_kept_ = false;
  // By channel, the names being those within. Bounded by the channels that the loop watches.
  boost::unordered_flat_map<std::string_view, hub::Skipped> skipped_;
  Counts counts_;
};

class MemoryStore {
 public:
  // `max_inbox_bytes` is the bound of each loop's inbox.
  explicit MemoryStore(const Clock& clock, std::size_t max_inbox_bytes = kDefaultInboxBytes);
  std::size_t max_inbox_bytes() const { return max_inbox_bytes_; }

  // Slots are numbered from 0 in the order of calls; at most 64. Before any thread uses the store.
  unsigned add_inbox(std::shared_ptr<Inbox> inbox);

  // An append on its way: made before the lock is taken, answered by append().
  struct Append {
    explicit Append(hub::AppendRequest&& request);
    boost::intrusive_ptr<hub::Message> message;
    hub::ChannelOptions keep;
    std::string idempotency_key;
    std::size_t digest = 0;  // of what the key was used for
    std::optional<Result<hub::Appended>> answer;
  };
  // In this order, with nobody's between them. The loop of `slot` stores them: it is not woken, but told
  // whether its own inbox stopped being empty.
  bool append(std::span<Append* const> appends, unsigned slot);
  hub::ReadAnswer read(const std::vector<hub::ReadQuery>& queries);
  void watch(const hub::ChannelName& channel, unsigned slot);
  void unwatch(const hub::ChannelName& channel, unsigned slot);
  bool is_watched(std::string_view channel) const;  // by any loop

  struct Totals {
    std::int64_t messages = 0;
    std::int64_t bytes = 0;
    std::int64_t channels = 0;           // with a backlog
    std::int64_t expired_on_bridge = 0;  // messages of the bridge's namespace that reached their ttl
    Inbox::Counts inboxes;               // together
  };
  Totals totals() const;
  // Forgets what has expired, a few channels at a time; called every 100 ms by one loop.
  void sweep();

 private:
  // In one block: a publish waits for memory that is in no cache, and each step from one block to the next is
  // another wait. See "a channel of the store in one block" in docs/performance.md.
  struct Channel {
    explicit Channel(hub::ChannelName its_name) : name(std::move(its_name)) {}
    const hub::ChannelName name;
    std::uint64_t watchers = 0;  // one bit per slot
    boost::circular_buffer<hub::MessagePtr> messages;
    std::uint64_t bytes = 0;        // of their payloads
    MessageId gone = 0;             // the highest id that was trimmed or expired
    std::int64_t forget_at_ms = 0;  // when even that is forgotten; 0: nothing was ever kept
    bool in_sweep = false;
  };
  using ChannelPtr = std::unique_ptr<Channel>;
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(const ChannelPtr& channel) const { return channel->name.hash(); }
    template <class Name>
    std::size_t operator()(const Name& name) const {
      return hub::ChannelHash{}(name);
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const ChannelPtr& a, const ChannelPtr& b) const { return is(*b, a->name); }
    template <class Name>
    bool operator()(const Name& name, const ChannelPtr& channel) const {
      return is(*channel, name);
    }
    template <class Name>
    bool operator()(const ChannelPtr& channel, const Name& name) const {
      return is(*channel, name);
    }
    // While the name is on its way from memory, so is the place where the next message will stand.
    template <class Name>
    static bool is(const Channel& channel, const Name& name) {
      if (!channel.messages.empty()) prefetch(&channel.messages.back());
      return hub::ChannelEqual{}(channel.name, name);
    }
  };
  struct Remembered {
    MessageId id;
    std::size_t digest;
    std::int64_t until_ms;
  };

  template <class Name>
  Channel* find(const Name& name) const {
    const auto found = channels_.find(name);
    return found == channels_.end() ? nullptr : found->get();
  }
  Channel& find_or_add(const hub::ChannelName& name);
  void forget(const Channel& channel);
  Result<hub::Appended> store(Append& append, Channel* channel, std::int64_t now_ms,
                              std::uint64_t& filled_inboxes);
  void keep(Channel& channel, const hub::MessagePtr& message, const hub::ChannelOptions& options);
  void drop_first(Channel& channel);
  void drop_expired(Channel& channel, std::int64_t now_ms);
  hub::Page page_of(const hub::ReadQuery& query, std::int64_t now_ms);

  const Clock& clock_;
  const std::size_t max_inbox_bytes_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Inbox>> inboxes_;
  boost::unordered_flat_set<ChannelPtr, Hash, Equal> channels_;
  std::unordered_map<std::string, Remembered> remembered_;
  std::deque<std::pair<std::int64_t, std::string>> remembered_order_;
  std::deque<Channel*> sweep_queue_;  // channels with something to forget, each once
  Totals totals_;
  MessageId epoch_;
  MessageId last_;
};

}  // namespace relay::memory
