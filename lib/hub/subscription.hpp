// A subscriber, and what it has asked for.
//
// A Subscriber is one SSE stream, WebSocket or long poll. A Subscription is one request of it: a set of
// channels that share one cursor. Within one partition the cursor is one position; over several the
// Subscription is a Joint (joint.hpp) of one Subscription in each. Both live on one loop; the session owns
// them, the hubs only point at them, and destroying a Subscription is all it takes to leave.
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "hub/channel.hpp"
#include "hub/cursor.hpp"
#include "hub/message.hpp"

namespace relay::hub {

class Hub;
class Hubs;
class Joint;
class Resume;
class Subscription;
struct Topic;

// "Something is missing": messages with ids above `after` and below `first` may be gone.
struct Gap {
  ChannelName channel;
  MessageId after = 0;
  MessageId first = 0;
  MessageId gone = 0;  // the highest id known to be missing; not said to clients
};

// One line of presence. Values.
struct SubscriberInfo {
  std::string client_id;
  std::string transport;  // "sse", "websocket", "longpoll"
  std::int64_t since_ms = 0;
  std::uint32_t number = 0;  // of this client on its loop
  std::size_t channels = 0;  // that it listens to
};

// What the hub tells a session. None of these may unsubscribe or destroy a Subscription, but for on_failed().
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // The subscription is live: whatever is stored from now on will arrive. Before the first message or gap.
  virtual void on_live(Subscription& subscription) = 0;
  // Queue it. `replayed`: from the backlog.
  virtual void on_message(Subscription& subscription, Delivery& delivery, bool replayed) = 0;
  virtual void on_gap(Subscription& subscription, const Gap& gap) = 0;
  // on_message() will perhaps follow at once: to fetch what it needs. Changes nothing.
  virtual void expect_message() const {}
  // Everything kept was delivered; live messages follow.
  virtual void on_caught_up(Subscription&) {}
  // It will never be live; already detached, may be destroyed at once.
  virtual void on_failed(Subscription& subscription, const Error& error) = 0;
  // While true a replay waits; the session calls Hubs::continue_replay() when it is over.
  virtual bool congested() const = 0;
  // While true the subscription stays behind the live messages, which are held for it; continue_replay() as
  // above.
  virtual bool not_ready() const { return false; }
  virtual SubscriberInfo info() const = 0;
};

// Of a session.
struct StreamRequest {
  std::vector<ChannelName> channels;  // distinct, valid
  std::optional<Cursor> after;        // none: live only; 0: everything kept
  bool tell_gaps = true;              // the bridge wire has no word for a gap
  bool goes_back = true;  // to where `after`'s life of the data and this one agree, if that was lost
};

// Of one partition.
struct SubscribeRequest {
  std::vector<ChannelName> channels;
  std::optional<MessageId> after;
  bool tell_gaps = true;
  bool goes_back = true;
  bool after_is_time = false;  // no id of this partition: that it is beyond the newest means nothing
  std::size_t parts = 1;       // partitions that share the bounds of this subscription
};

class Subscription {
 public:
  explicit Subscription(Subscriber& subscriber);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  Subscriber& subscriber() const { return subscriber_; }
  bool active() const { return hub_ != nullptr || joint_ != nullptr; }
  // Whether its channels lie in several partitions.
  bool is_joint() const { return joint_ != nullptr; }
  // What is delivered, as the client may hand it back.
  Cursor cursor() const;
  // In every partition that it touches, everything up to this id was delivered. Within one: its position.
  MessageId floor() const;
  // The id up to which everything of these channels was delivered. REQUIRES: not joint.
  MessageId position() const { return position_; }
  // Nothing is held or read for it any more. REQUIRES: not joint.
  bool is_live() const { return hub_ != nullptr && resume_ == nullptr; }
  // It began at a cursor and nothing after that is missing. Known from Subscriber::on_live() on.
  bool recovered() const { return recovered_; }
  // The channels asked for. REQUIRES: active().
  std::vector<ChannelName> channels() const;
  std::size_t channel_count() const;
  // As the destructor does. Nothing is said to the subscriber any more.
  void leave();

 private:
  friend class Hub;
  friend class Hubs;
  friend class Joint;
  friend class Resume;
  friend class TopicIndex;
  // Where this subscription stands in a topic's list, so that leaving is O(1).
  struct Member {
    Topic* topic;
    std::uint32_t at;
  };

  Subscriber& subscriber_;
  Hub* hub_ = nullptr;                 // of its one partition
  boost::intrusive_ptr<Joint> joint_;  // of several
  std::unique_ptr<Resume> resume_;     // while catching up; nullptr once live
  MessageId position_ = 0;
  bool recovered_ = false;
  std::uint32_t client_ = 0;  // its subscriber's number, once it joined a channel with presence
  boost::container::small_vector<Member, 1> members_;
};

}  // namespace relay::hub
