// A store in the test's hands: every command, answer and announcement waits until the test lets it move.
//
// It is built as a remote one behaves: commands are executed in order at the store and answered later;
// watches and announcements travel on a line of their own, in order; the two lines are not in step with each
// other. Cutting the link loses what is on it. One thread; `events` is a Hub or a recorder.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hub/storage.hpp"
#include "hub/subscription.hpp"

namespace relay::test {

class FakeStorage final : public hub::Storage {
 public:
  explicit FakeStorage(hub::StorageEvents& events) : events_(events) {}

  // At the store, by whomever.
  MessageId store(std::string_view channel, std::string_view data, bool kept = true);
  void trim(std::string_view channel, std::size_t keep);
  void lose_everything();             // a new life of the data
  void lose_end(MessageId last);      // as after a crash without a sync: ids go on from here
  void begin_epoch(MessageId epoch);  // a new life above all, with what is kept; REQUIRES: above last()
  void fork(MessageId common);  // a new life above all; what is kept above `common` is not of the former one
  // In the same life, as far as a former server had what is kept: nothing is given in between.
  void go_on_above(MessageId common);
  MessageId last() const { return last_; }
  // A probe leaves for the bus: once delivered, everything stored by now is proven to have been announced.
  void probe();

  // What can move moves one step; false if there was nothing.
  bool execute_command();
  bool deliver_answer();
  bool deliver_announcement();
  void settle();  // all three until nothing is left

  // The link.
  void cut();            // what is on it is lost, commands are answered kUnavailable
  void cut_but_reads();  // reads that were not executed are asked for again when it is back
  void restore();        // everything watched before is watched again
  bool up() const { return up_; }
  // The n-th read or watch from now fails (0: the next one); negative: none.
  void fail_in(int operations) { fail_in_ = operations; }
  int operations() const { return operations_; }

  const std::set<std::string>& watched() const { return watched_; }
  std::size_t reads() const { return reads_; }

  void append(hub::AppendRequest&& request, hub::AppendDone done) override;
  void read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) override;
  void watch(hub::ChannelName channel, hub::WatchDone done) override;
  void unwatch(const hub::ChannelName& channel) override;
  MessageId proven() const override { return proven_; }

 private:
  struct Backlog {
    std::vector<hub::MessagePtr> messages;
    MessageId gone = 0;
  };
  bool fails();
  hub::ReadAnswer read_now(const std::vector<hub::ReadQuery>& queries) const;
  void announce(const hub::MessagePtr& message);

  hub::StorageEvents& events_;
  std::map<std::string, Backlog, std::less<>> backlogs_;
  MessageId epoch_ = 1000;
  std::vector<hub::Fork> forks_;
  MessageId last_ = 999;
  MessageId proven_ = 0;
  bool up_ = true;
  int fail_in_ = -1;
  int operations_ = 0;
  std::size_t reads_ = 0;
  std::set<std::string> watched_;                          // confirmed or not: what the hub has asked for
  std::map<std::string, hub::WatchDone> waiting_watches_;  // asked for, not answered
  std::deque<std::function<void()>> commands_;             // executed at the store
  std::deque<std::function<void()>> answers_;
  std::deque<std::function<void()>> bus_;
  std::deque<std::function<void()>> broken_;  // commands to fail when the link goes
};

// Partitions in the test's hands. A channel's is the sum of its name's bytes, modulo their number.
class FakeStore final : public hub::Store {
 public:
  explicit FakeStore(std::uint32_t partitions) : parts_(partitions) {}
  FakeStorage& part(std::uint32_t number) { return *parts_[number]; }
  FakeStorage& part_of(std::string_view channel) { return part(partition_of(channel)); }
  void settle();  // everything everywhere, until nothing is left

  void attach(std::uint32_t partition, hub::StorageEvents& events) override;
  std::uint32_t partitions() const override { return static_cast<std::uint32_t>(parts_.size()); }
  std::uint32_t partition_of(std::string_view channel) const override;
  hub::Storage& partition(std::uint32_t number) override { return part(number); }
  std::vector<hub::NodeHealth> health() const override { return {}; }

 private:
  std::vector<std::unique_ptr<FakeStorage>> parts_;
};

// A subscriber that writes down what it is told.
struct RecordingSubscriber final : hub::Subscriber {
  struct Told {
    bool gap = false;
    std::string channel;
    MessageId id = 0;     // of a message; of a gap: after
    MessageId first = 0;  // of a gap
    bool replayed = false;
    std::optional<hub::Cursor> cursor = {};  // a message's, if it keeps them
    MessageId floor = 0;
  };
  std::vector<Told> told;
  bool live = false;
  bool caught_up = false;
  bool failed = false;
  bool is_congested = false;
  bool keeps_cursors = false;
  std::function<void()> when_live;  // from within on_live
  MessageId live_at = 0;            // the store's newest id when it became live, if `newest` is set
  std::function<MessageId()> newest;
  hub::Subscription subscription{*this};

  std::vector<MessageId> ids() const;
  std::size_t gaps() const;

  void on_live(hub::Subscription&) override;
  void on_message(hub::Subscription&, hub::Delivery& delivery, bool replayed) override;
  void on_gap(hub::Subscription&, const hub::Gap& gap) override;
  void on_caught_up(hub::Subscription&) override { caught_up = true; }
  void on_failed(hub::Subscription&, const Error&) override { failed = true; }
  bool congested() const override { return is_congested; }
  hub::SubscriberInfo info() const override { return {"fake", "test", 0, 7}; }
};

hub::StreamRequest stream_for(const std::vector<std::string>& channels, std::optional<hub::Cursor> after);
hub::SubscribeRequest request_for(const std::vector<std::string>& channels, std::optional<MessageId> after);

}  // namespace relay::test
