#include "hub/hubs.hpp"

#include <algorithm>
#include <cassert>
#include <map>

namespace relay::hub {
namespace {

// However many partitions there are, one can hold and heal so much.
constexpr std::size_t kLeastHealHold = 1024;
constexpr std::size_t kLeastHealReplay = 64;

}  // namespace

Hubs::Hubs(const Clock& clock, metrics::LoopMetrics& metrics, HubLimits limits)
    : clock_(clock), metrics_(metrics), limits_(limits) {}

void Hubs::attach(Store& store) {
  store_ = &store;
  hubs_.clear();
  for (std::uint32_t i = 0; i < store.partitions(); ++i) {
    hubs_.push_back(std::make_unique<Hub>(clock_, metrics_, limits_));
    store.attach(i, *hubs_.back());
    hubs_.back()->attach(store.partition(i));
  }
  configure(namespaces_, limits_);
}

HubLimits Hubs::share_of_limits() const {
  HubLimits share = limits_;
  share.heal_hold_messages = std::max(limits_.heal_hold_messages / hubs_.size(),
                                      std::min(limits_.heal_hold_messages, kLeastHealHold));
  share.heal_replay_messages = std::max(limits_.heal_replay_messages / hubs_.size(), kLeastHealReplay);
  return share;
}

void Hubs::configure(std::shared_ptr<const Namespaces> namespaces, HubLimits limits) {
  namespaces_ = std::move(namespaces);
  limits_ = limits;
  for (const auto& hub : hubs_) hub->configure(namespaces_, share_of_limits());
}

void Hubs::tell_presence(PresenceEvents* events) {
  for (const auto& hub : hubs_) hub->tell_presence(events);
}

void Hubs::publish(PublishRequest&& request, AppendDone done) {
  Hub& hub = hub_of(request.draft.channel.view());
  hub.publish(std::move(request), std::move(done));
}

void Hubs::append(AppendRequest&& request, AppendDone done) {
  Storage& storage = store_->of(request.draft.channel.view());
  storage.append(std::move(request), std::move(done));
}

void Hubs::read(ReadQuery query, ReadDone done) {
  if (query.channel.view().empty()) return store_->partition(0).read({}, std::move(done));
  Storage& storage = store_->of(query.channel.view());
  storage.read({std::move(query)}, std::move(done));
}

void Hubs::tick() {
  for (const auto& hub : hubs_) hub->tick();
}

bool Hubs::healing() const {
  return std::any_of(hubs_.begin(), hubs_.end(), [](const auto& hub) { return hub->healing(); });
}

std::vector<Joint::Share> Hubs::shares_of(std::vector<ChannelName> channels) const {
  std::map<std::uint32_t, std::vector<ChannelName>> by_partition;
  for (ChannelName& channel : channels)
    by_partition[partition_of(channel.view())].push_back(std::move(channel));
  std::vector<Joint::Share> shares;
  for (auto& [partition, names] : by_partition)
    shares.push_back({partition, hubs_[partition].get(), std::move(names)});
  return shares;
}

void Hubs::subscribe(Subscription& subscription, StreamRequest request) {
  assert(!subscription.active() && !request.channels.empty());
  metrics_.add(metrics::Counter::kResumes, request.after ? 1 : 0);
  const std::uint32_t first = partition_of(request.channels.front().view());
  const bool sole =
      std::all_of(request.channels.begin(), request.channels.end(),
                  [&](const ChannelName& channel) { return partition_of(channel.view()) == first; });
  if (sole) {
    SubscribeRequest part{std::move(request.channels), {}, request.tell_gaps, request.goes_back};
    if (request.after) {
      part.after = request.after->in(first);
      part.after_is_time = !request.after->is_exact(first);
    }
    return hubs_[first]->subscribe(subscription, part);
  }
  std::vector<Joint::Share> shares = shares_of(std::move(request.channels));
  const boost::intrusive_ptr<Joint> joint(new Joint(subscription, shares));
  subscription.joint_ = joint;
  joint->subscribe(std::move(shares), request);
}

void Hubs::continue_replay(Subscription& subscription) {
  if (subscription.joint_ != nullptr) {
    subscription.joint_->continue_replay();
  } else if (subscription.hub_ != nullptr) {
    subscription.hub_->continue_replay(subscription);
  }
}

}  // namespace relay::hub
