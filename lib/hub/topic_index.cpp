#include "hub/topic_index.hpp"

#include "hub/resume.hpp"

namespace relay::hub {

Topic& TopicIndex::join(Subscription& subscription, const ChannelName& channel, bool& created) {
  const auto [at, inserted] = topics_.try_emplace(channel);
  if (inserted) {
    at->second = std::make_unique<Topic>();
    at->second->name = channel;
    at->second->place = static_cast<std::uint32_t>(list_.size());
    list_.push_back(at->second.get());
  }
  Topic& topic = *at->second;
  const auto place = static_cast<std::uint32_t>(topic.entries.size());
  topic.entries.push_back({&subscription, static_cast<std::uint32_t>(subscription.members_.size())});
  subscription.members_.push_back({&topic, place});
  if (!is_own_channel(channel.view())) {
    ++subscriptions_;
    channels_ += inserted ? 1 : 0;
  }
  created = inserted;
  return topic;
}

void TopicIndex::remove_entry(Topic& topic, std::uint32_t at) {
  topic.entries[at] = topic.entries.back();
  topic.entries.pop_back();
  if (at < topic.entries.size()) {
    const Topic::Entry& moved = topic.entries[at];
    moved.subscription->members_[moved.member].at = at;
  }
}

void TopicIndex::unlist(const Topic& topic) {
  list_[topic.place] = list_.back();
  list_[topic.place]->place = topic.place;
  list_.pop_back();
}

void TopicIndex::leave(Subscription& subscription, const std::function<void(Topic&)>& emptied) {
  for (const Subscription::Member& member : subscription.members_) {
    Topic& topic = *member.topic;
    remove_entry(topic, member.at);
    const bool is_last = topic.entries.empty();
    if (!is_own_channel(topic.name.view())) {
      --subscriptions_;
      channels_ -= is_last ? 1 : 0;
    }
    if (is_last) {
      emptied(topic);
      unlist(topic);
      topics_.erase(ChannelName(topic.name));  // a copy: the key must outlive its own erasure
    }
  }
  subscription.members_.clear();
}

}  // namespace relay::hub
