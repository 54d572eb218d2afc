// The domain of one partition on one event loop: who wants what, and how a message gets to them. hubs.hpp has
// those of all partitions.
//
// Paths (lib/README.md): publish() → Storage::append; the announcement comes back by on_announced() →
// fan-out. subscribe() → TopicIndex → Storage::watch → Resume → live. After an interruption heal() reads what
// every live stream missed and delivers it in place. Loop thread only; owns nothing it delivers to.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "hub/presence.hpp"
#include "hub/replay.hpp"
#include "hub/resume.hpp"
#include "hub/storage.hpp"
#include "hub/subscription.hpp"
#include "hub/topic_index.hpp"
#include "metrics/loop_metrics.hpp"

namespace relay::hub {

struct HubLimits {
  std::size_t hold_messages = 1000;        // per subscription that is catching up
  std::size_t heal_hold_messages = 65536;  // while it heals
  std::size_t heal_replay_messages = Replay::kBuffered;
  std::size_t max_payload_bytes = 64 * 1024;
};

// A promoted replica's clock may be behind the one that gave the proof, and its ids with it.
inline constexpr Milliseconds kClockSlack{2000};

struct PublishRequest {
  Draft draft;                      // ttl_ms is set from `ttl`
  std::optional<Milliseconds> ttl;  // none: the channel's greatest
  std::string idempotency_key;
};

class Hub final : public StorageEvents {
 public:
  Hub(const Clock& clock, metrics::LoopMetrics& metrics, HubLimits limits);
  ~Hub() override;
  // Before anything else. `storage` outlives the hub's last call.
  void attach(Storage& storage) { storage_ = &storage; }
  // Who joins and leaves channels with presence from here on. Outlives the hub's last call; null: nobody
  // asks.
  void tell_presence(PresenceEvents* events) { presence_ = events; }
  void configure(std::shared_ptr<const Namespaces> namespaces, HubLimits limits);

  // Checks the draft (kInvalid, kTooLarge, kUnsupported) and stores it. `done` may run before this returns.
  void publish(PublishRequest&& request, AppendDone done);

  // REQUIRES: not active; channels distinct and valid. Answers by Subscriber::on_live or on_failed.
  void subscribe(Subscription& subscription, const SubscribeRequest& request);
  void unsubscribe(Subscription& subscription);
  void continue_replay(Subscription& subscription);

  void read(std::vector<ReadQuery> queries, ReadDone done) {
    storage_->read(std::move(queries), std::move(done));
  }
  // Everybody who subscribes to a channel with presence: visit(const ChannelName&, const SubscriberInfo&).
  template <class Visit>
  void for_each_present(Visit&& visit) const {
    topics_.for_each([&](const Topic& topic) {
      if (!has_presence(topic.name.view())) return;
      for (const Topic::Entry& entry : topic.entries)
        visit(topic.name, entry.subscription->subscriber().info());
    });
  }
  bool has_presence(std::string_view channel) const { return has_presence(*namespaces_, channel); }
  // Every 100 ms: retries what the store refused.
  void tick();

  const ChannelOptions& options_of(std::string_view channel) const { return namespaces_->of(channel); }
  const TopicIndex& topics() const { return topics_; }
  const HubLimits& limits() const { return limits_; }
  Storage& storage() { return *storage_; }
  metrics::LoopMetrics& metrics() { return metrics_; }
  bool healing() const { return state_ != State::kWhole; }
  // Every kept message up to here has reached each live subscription that wants it, or does not exist. 0:
  // unknown.
  MessageId proven() const { return proven_; }

  // StorageEvents
  void on_announced(DeliveryPtr delivery) override;
  void on_announced_together(std::span<DeliveryPtr> deliveries) override;
  void on_interrupted() override;
  void on_restored() override;
  void on_skipped(const Skipped& skipped) override;
  void on_forgotten(MessageId common) override;
  MessageId reached() const override { return heal_start(); }

  // Hands an ephemeral message that the store has not seen to who is here.
  void deliver_unstored(const DeliveryPtr& delivery);

  // For Resume.
  void deliver(Subscription& subscription, Delivery& delivery);
  void replayed(Subscription& subscription, Delivery& delivery);
  void tell_gap(Subscription& subscription, const Gap& gap);
  void finish(Subscription& subscription);
  void fail(Subscription& subscription, const Error& error);

 private:
  // kBroken: the store's link is down. kHealing: it is back and the backlogs are being read.
  enum class State { kBroken, kHealing, kWhole };

  void on_watch_answer(const ChannelName& channel, const Result<bool>& answer);
  void fetch_ahead(std::span<const DeliveryPtr> deliveries) const;
  void fan_out(const DeliveryPtr& delivery);
  void hand_out(const Topic& topic, const DeliveryPtr& delivery);
  void heal();
  MessageId heal_start() const;
  void on_healed(MessageId last);
  void on_heal_gap(const Gap& gap);
  void tell_new_life(MessageId former);
  void learn_proof();
  void count_topics();
  static bool has_presence(const Namespaces& namespaces, std::string_view channel);
  void tell_joined(Subscription& subscription);
  void tell_left(const Subscription& subscription);
  void tell_changed_presence(const Namespaces& before);

  const Clock& clock_;
  metrics::LoopMetrics& metrics_;
  HubLimits limits_;
  std::shared_ptr<const Namespaces> namespaces_ = std::make_shared<Namespaces>();
  Storage* storage_ = nullptr;
  PresenceEvents* presence_ = nullptr;
  TopicIndex topics_;
  std::unordered_set<Resume*> resuming_;
  std::vector<std::unique_ptr<Resume>> retired_;  // may still be on the stack; destroyed by the next tick

  State state_ = State::kWhole;
  // Every kept message of a watched channel up to here has been fanned out, or was found missing.
  MessageId watermark_ = 0;
  MessageId proven_ = 0;
  std::unique_ptr<Replay> heal_;
  std::deque<DeliveryPtr> heal_hold_;
  bool heal_incomplete_ = false;
  bool heal_stalled_ = false;
  MessageId heal_from_ = 0;
  MessageId epoch_ = 0;  // as the last heal found it
  std::int64_t counted_topics_ = 0;
  std::int64_t counted_subscriptions_ = 0;
};

}  // namespace relay::hub
