#include "hub/subscription.hpp"

#include "hub/hub.hpp"
#include "hub/joint.hpp"

namespace relay::hub {

Subscription::Subscription(Subscriber& subscriber) : subscriber_(subscriber) {}

Subscription::~Subscription() {
  leave();
}

void Subscription::leave() {
  joint_.reset();
  if (hub_ != nullptr) hub_->unsubscribe(*this);
}

Cursor Subscription::cursor() const {
  return joint_ != nullptr ? joint_->cursor() : Cursor(position_);
}

MessageId Subscription::floor() const {
  return joint_ != nullptr ? joint_->floor() : position_;
}

std::vector<ChannelName> Subscription::channels() const {
  if (joint_ != nullptr) return joint_->channels();
  std::vector<ChannelName> names;
  for (const Member& member : members_) names.push_back(member.topic->name);
  return names;
}

std::size_t Subscription::channel_count() const {
  return joint_ != nullptr ? joint_->channel_count() : members_.size();
}

}  // namespace relay::hub
