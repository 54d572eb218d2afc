// Which subscriptions of this loop want which channel. Loop thread only.
//
// Joining, leaving and finding are O(1) (amortised), whatever the number of subscribers: a topic's list and a
// subscription's list hold each other's positions. Memory per topic with one subscriber: some 160 bytes and
// the name.
#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "hub/channel.hpp"
#include "hub/subscription.hpp"

namespace relay::hub {

struct Topic {
  struct Entry {
    Subscription* subscription;
    std::uint32_t member;  // its place in subscription->members_
  };
  ChannelName name;
  boost::container::small_vector<Entry, 1> entries;
  bool watched = false;     // the store has confirmed
  std::uint32_t place = 0;  // in the index's list
  // Since somebody here listens; an operator sees the channel's rate by them.
  std::uint64_t messages = 0;
  MessageId last = 0;
};

class TopicIndex {
 public:
  Topic* find(const ChannelName& channel) const { return find_by(channel); }
  Topic* find(std::string_view channel) const { return find_by(channel); }
  // Adds the subscription; `created` says whether the topic is new (the store must be asked to watch it).
  Topic& join(Subscription& subscription, const ChannelName& channel, bool& created);
  // Takes the subscription out of all its topics; `emptied` is called for each that has nobody left, before
  // it is destroyed.
  void leave(Subscription& subscription, const std::function<void(Topic&)>& emptied);

  std::size_t size() const { return topics_.size(); }
  // Of clients: without relayd's own (is_own_channel).
  std::size_t channels() const { return channels_; }
  std::size_t subscriptions() const { return subscriptions_; }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Topic* topic : list_) visit(*topic);
  }
  // Visits at most `count` of the topics, from the end of the list on or from where an earlier call says;
  // returns where to go on, 0 when all were visited. Whatever comes and goes between two calls, none that was
  // there all the time is left out, but one may be visited twice.
  static constexpr std::size_t kEnd = static_cast<std::size_t>(-1);
  template <class Visit>
  std::size_t visit_some(std::size_t from, std::size_t count, Visit&& visit) const {
    std::size_t at = std::min(from, list_.size());
    for (; at > 0 && count > 0; --at, --count) visit(*list_[at - 1]);
    return at;
  }

 private:
  template <class Name>
  Topic* find_by(const Name& channel) const {
    const auto found = topics_.find(channel);
    return found == topics_.end() ? nullptr : found->second.get();
  }
  void remove_entry(Topic& topic, std::uint32_t at);
  void unlist(const Topic& topic);

  boost::unordered_flat_map<ChannelName, std::unique_ptr<Topic>, ChannelHash, ChannelEqual> topics_;
  std::vector<Topic*> list_;  // the last takes the place of one that goes
  std::size_t channels_ = 0;
  std::size_t subscriptions_ = 0;
};

}  // namespace relay::hub
