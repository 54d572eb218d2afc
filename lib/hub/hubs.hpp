// The domain of one event loop: a Hub for each partition of its store, spoken to as one.
//
// What concerns one channel goes to the hub of its partition. A subscription within one partition is that
// hub's own; one over several becomes a Joint. Loop thread only; owns its hubs and nothing they deliver to.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "hub/hub.hpp"
#include "hub/joint.hpp"
#include "hub/presence.hpp"
#include "hub/storage.hpp"
#include "hub/subscription.hpp"

namespace relay::hub {

class Hubs {
 public:
  // The topics of all partitions.
  class Topics {
   public:
    explicit Topics(const Hubs& hubs) : hubs_(hubs) {}
    const Topic* find(std::string_view channel) const { return hubs_.hub_of(channel).topics().find(channel); }
    template <class Visit>
    void for_each(Visit&& visit) const {
      for (const auto& hub : hubs_.hubs_) hub->topics().for_each(visit);
    }
    struct Position {
      std::size_t partition = 0;
      std::size_t at = TopicIndex::kEnd;
    };
    // As TopicIndex's, from `position` on. Whether there are more.
    template <class Visit>
    bool visit_some(Position& position, std::size_t count, Visit&& visit) const {
      const auto take = [&](const Topic& topic) {
        --count;
        visit(topic);
      };
      for (; position.partition < hubs_.hubs_.size(); position = {position.partition + 1}) {
        const TopicIndex& topics = hubs_.hubs_[position.partition]->topics();
        position.at = topics.visit_some(position.at, count, take);
        if (position.at > 0) return true;
      }
      return false;
    }

   private:
    const Hubs& hubs_;
  };

  // `limits` are those of the loop: partitions share what is not per subscription.
  Hubs(const Clock& clock, metrics::LoopMetrics& metrics, HubLimits limits);
  // Before anything else, and before store.start(). `store` outlives the last call.
  void attach(Store& store);
  void configure(std::shared_ptr<const Namespaces> namespaces, HubLimits limits);
  // Who joins and leaves channels with presence from here on. Outlives the last call; null: nobody asks.
  void tell_presence(PresenceEvents* events);

  // As Hub's.
  void publish(PublishRequest&& request, AppendDone done);
  void append(AppendRequest&& request, AppendDone done);  // of what the caller has checked
  // A query that names no channel asks the first partition for epoch and last alone.
  void read(ReadQuery query, ReadDone done);
  void deliver_unstored(const DeliveryPtr& delivery) {
    hub_of(delivery->message().channel()).deliver_unstored(delivery);
  }
  void tick();  // every 100 ms

  // REQUIRES: not active; channels distinct, valid and at least one. Answers by Subscriber::on_live or
  // on_failed.
  void subscribe(Subscription& subscription, StreamRequest request);
  void continue_replay(Subscription& subscription);

  const ChannelOptions& options_of(std::string_view channel) const { return namespaces_->of(channel); }
  std::uint32_t partition_of(std::string_view channel) const { return store_->partition_of(channel); }
  bool healing() const;
  Topics topics() const { return Topics(*this); }
  // Everybody who subscribes to a channel with presence: visit(const ChannelName&, const SubscriberInfo&).
  template <class Visit>
  void for_each_present(Visit&& visit) const {
    for (const auto& hub : hubs_) hub->for_each_present(visit);
  }

 private:
  Hub& hub_of(std::string_view channel) const { return *hubs_[partition_of(channel)]; }
  std::vector<Joint::Share> shares_of(std::vector<ChannelName> channels) const;
  HubLimits share_of_limits() const;

  const Clock& clock_;
  metrics::LoopMetrics& metrics_;
  HubLimits limits_;
  std::shared_ptr<const Namespaces> namespaces_ = std::make_shared<Namespaces>();
  Store* store_ = nullptr;
  std::vector<std::unique_ptr<Hub>> hubs_;  // by partition
};

}  // namespace relay::hub
