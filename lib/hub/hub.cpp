#include "hub/hub.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "base/prefetch.hpp"
#include "base/text.hpp"

namespace relay::hub {
namespace {

using metrics::Counter;
using metrics::Gauge;

// Messages whose way to the first subscriber is fetched together.
constexpr std::size_t kFetchedAhead = 16;

Error invalid(std::string code, std::string message) {
  return make_error(ErrorKind::kInvalid, std::move(code), std::move(message));
}

// "gap" is the relay's own word on a stream; "error" and "open" are EventSource's.
bool is_reserved_event(std::string_view event) {
  return event == "gap" || event == "error" || event == "open";
}

Result<bool> check_draft(const Draft& draft, std::size_t max_payload_bytes) {
  if (draft.data.size() > max_payload_bytes) {
    return make_error(ErrorKind::kTooLarge, "too_large",
                      "payload is " + std::to_string(draft.data.size()) + " bytes, at most " +
                          std::to_string(max_payload_bytes) + " are taken");
  }
  if (!is_utf8(draft.data)) {
    return make_error(ErrorKind::kUnsupported, "not_utf8", "payload is not UTF-8 text");
  }
  if (draft.event.size() > 255 || !is_utf8(draft.event) ||
      std::any_of(draft.event.begin(), draft.event.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return invalid("bad_event", "event name is over 255 bytes, not UTF-8 or has control characters");
  }
  if (is_reserved_event(draft.event))
    return invalid("bad_event", "event name \"" + draft.event + "\" is reserved");
  return true;
}

}  // namespace

Hub::Hub(const Clock& clock, metrics::LoopMetrics& metrics, HubLimits limits)
    : clock_(clock), metrics_(metrics), limits_(limits) {}

Hub::~Hub() {
  assert(topics_.size() == 0);
}

void Hub::configure(std::shared_ptr<const Namespaces> namespaces, HubLimits limits) {
  namespaces_.swap(namespaces);
  limits_ = limits;
  tell_changed_presence(*namespaces);
}

void Hub::publish(PublishRequest&& request, AppendDone done) {
  Draft& draft = request.draft;
  if (const auto good = check_draft(draft, limits_.max_payload_bytes); !good) return done(good.error());
  const ChannelOptions& keep = options_of(draft.channel.view());
  const Milliseconds ttl = request.ttl.value_or(keep.max_age);
  if (ttl < Milliseconds{0} || ttl > keep.max_age) {
    return done(invalid("bad_ttl", "ttl must be between 0 and " +
                                       std::to_string(keep.max_age.count() / 1000) +
                                       " seconds on this channel"));
  }
  draft.ttl_ms = keep.ephemeral ? 0 : static_cast<std::uint32_t>(ttl.count());
  storage_->append({std::move(draft), keep, std::move(request.idempotency_key)}, std::move(done));
}

void Hub::subscribe(Subscription& subscription, const SubscribeRequest& request) {
  assert(!subscription.active());
  subscription.hub_ = this;
  std::vector<ChannelName> unwatched;
  std::size_t unconfirmed = 0;
  for (const ChannelName& channel : request.channels) {
    bool created = false;
    const Topic& topic = topics_.join(subscription, channel, created);
    if (!topic.watched) ++unconfirmed;
    if (created) unwatched.push_back(channel);
  }
  tell_joined(subscription);
  count_topics();
  // One more than there are: the last confirmation is ours, so that answers from within watch() count as
  // well.
  subscription.resume_ = std::make_unique<Resume>(*this, subscription, request, unconfirmed + 1);
  Resume* resume = subscription.resume_.get();
  resuming_.insert(resume);
  for (const ChannelName& channel : unwatched) {
    storage_->watch(channel, [this, channel](Result<bool> answer) { on_watch_answer(channel, answer); });
    if (!subscription.active() || subscription.resume_.get() != resume) return;  // failed from within
  }
  resume->on_watched();
}

void Hub::on_watch_answer(const ChannelName& channel, const Result<bool>& answer) {
  Topic* topic = topics_.find(channel);
  if (topic == nullptr) return;
  topic->watched = answer.has_value();
  // Subscribers may leave inside these calls; a Resume that left is out of resuming_, its address not yet
  // reused.
  std::vector<std::pair<Resume*, Subscription*>> waiting;
  for (const Topic::Entry& entry : topic->entries) {
    if (entry.subscription->resume_ != nullptr)
      waiting.push_back({entry.subscription->resume_.get(), entry.subscription});
  }
  for (const auto& [resume, subscription] : waiting) {
    if (!resuming_.contains(resume)) continue;
    if (answer) {
      resume->on_watched();
    } else {
      fail(*subscription, answer.error());
    }
  }
}

void Hub::unsubscribe(Subscription& subscription) {
  if (!subscription.active()) return;
  if (subscription.resume_ != nullptr) {
    resuming_.erase(subscription.resume_.get());
    subscription.resume_->retire();
    retired_.push_back(std::move(subscription.resume_));
  }
  tell_left(subscription);
  topics_.leave(subscription, [this](Topic& topic) { storage_->unwatch(topic.name); });
  subscription.hub_ = nullptr;
  count_topics();
}

void Hub::fail(Subscription& subscription, const Error& error) {
  unsubscribe(subscription);
  subscription.subscriber().on_failed(subscription, error);
}

void Hub::finish(Subscription& subscription) {
  resuming_.erase(subscription.resume_.get());
  retired_.push_back(std::move(subscription.resume_));
  subscription.subscriber().on_caught_up(subscription);
}

void Hub::continue_replay(Subscription& subscription) {
  if (subscription.resume_ != nullptr) subscription.resume_->proceed();
}

void Hub::tick() {
  retired_.clear();
  if (state_ == State::kWhole) learn_proof();
  if (heal_stalled_ && state_ == State::kHealing) heal();
  if (state_ == State::kWhole) {
    const std::vector<Resume*> all(resuming_.begin(), resuming_.end());
    for (Resume* resume : all) {
      if (resuming_.contains(resume)) resume->retry();
    }
  }
}

// What was announced is with the live streams by now: nothing is on its way in between while the loop ticks.
void Hub::learn_proof() {
  const MessageId proven = storage_->proven();
  const MessageId slack = first_id_at(kClockSlack.count());
  if (proven > slack) proven_ = std::max(proven_, proven - slack);
}

// Hot: once per announced message.
void Hub::on_announced(DeliveryPtr delivery) {
  if (state_ == State::kWhole) return fan_out(delivery);
  if (heal_hold_.size() >= limits_.heal_hold_messages) {
    metrics_.add(Counter::kHoldOverflows);
    heal_hold_.clear();
    heal_incomplete_ = true;
    for (Resume* resume : resuming_) resume->on_interrupted();  // it was held for them too
  }
  heal_hold_.push_back(std::move(delivery));
}

void Hub::on_announced_together(std::span<DeliveryPtr> deliveries) {
  while (!deliveries.empty()) {
    const auto some = deliveries.first(std::min(deliveries.size(), kFetchedAhead));
    if (some.size() > 1) fetch_ahead(some);
    for (DeliveryPtr& delivery : some) on_announced(std::move(delivery));
    deliveries = deliveries.subspan(some.size());
  }
}

// Where each message has a channel of its own, nothing that a message needs is in a cache, and each thing is
// found by way of the one before: topic, subscription, session, connection. One step for all messages, then
// the next, and the waits pass together. What waited took 3.9 % of the processor time, with this 1.3 to 1.4
// (`perf record -e cpu-clock`, `relaybench pairs --closed --subs 1000 --pubs 16`, loops=1).
void Hub::fetch_ahead(std::span<const DeliveryPtr> deliveries) const {
  std::array<const Topic*, kFetchedAhead> topics{};
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    topics[i] = topics_.find(deliveries[i]->message().channel_name());
    if (topics[i] != nullptr) prefetch(topics[i]);
  }
  for (const Topic* topic : topics) {
    if (topic != nullptr) prefetch(topic->entries.front().subscription);
  }
  for (const Topic* topic : topics) {
    if (topic != nullptr) topic->entries.front().subscription->subscriber().expect_message();
  }
}

void Hub::fan_out(const DeliveryPtr& delivery) {
  const Message& message = delivery->message();
  // What a heal had already comes again; each subscription drops it by its own position.
  if (message.ttl_ms() != 0) watermark_ = std::max(watermark_, message.id());
  Topic* topic = topics_.find(message.channel_name());
  if (topic == nullptr) return;
  ++topic->messages;
  topic->last = message.id();
  metrics_.observe(
      metrics::Histogram::kDeliveryLatency,
      static_cast<double>(std::max<std::int64_t>(0, clock_.wall_ms() - message.published_ms())) / 1000);
  hand_out(*topic, delivery);
}

void Hub::hand_out(const Topic& topic, const DeliveryPtr& delivery) {
  for (const Topic::Entry& entry : topic.entries) {
    Subscription& subscription = *entry.subscription;
    if (subscription.resume_ != nullptr) {
      subscription.resume_->hold(delivery);
    } else {
      deliver(subscription, *delivery);
    }
  }
}

void Hub::deliver_unstored(const DeliveryPtr& delivery) {
  if (const Topic* topic = topics_.find(delivery->message().channel_name())) hand_out(*topic, delivery);
}

// Hot: once per message and subscriber. An ephemeral message is in no backlog, so it can be no repetition and
// moves no position.
void Hub::deliver(Subscription& subscription, Delivery& delivery) {
  const Message& message = delivery.message();
  if (message.ttl_ms() != 0) {
    if (message.id() <= subscription.position_) return;
    subscription.position_ = message.id();
  }
  metrics_.add(Counter::kMessagesDelivered);
  subscription.subscriber().on_message(subscription, delivery, false);
}

void Hub::replayed(Subscription& subscription, Delivery& delivery) {
  metrics_.add(Counter::kReplayedMessages);
  metrics_.add(Counter::kMessagesDelivered);
  subscription.subscriber().on_message(subscription, delivery, true);
}

void Hub::tell_gap(Subscription& subscription, const Gap& gap) {
  metrics_.add(Counter::kGaps);
  subscription.subscriber().on_gap(subscription, gap);
}

void Hub::on_interrupted() {
  state_ = State::kBroken;
  heal_.reset();
  heal_hold_.clear();
  for (Resume* resume : resuming_) resume->on_interrupted();
}

void Hub::on_restored() {
  state_ = State::kHealing;
  heal();
  const std::vector<Resume*> all(resuming_.begin(), resuming_.end());
  for (Resume* resume : all) {
    if (resuming_.contains(resume)) resume->on_restored();
  }
}

// Streams go back to where the store is what they saw, so that nothing it has now is passed over.
void Hub::on_forgotten(MessageId common) {
  watermark_ = std::min(watermark_, common);
  proven_ = std::min(proven_, common);
  topics_.for_each([common](const Topic& topic) {
    for (const Topic::Entry& entry : topic.entries) {
      entry.subscription->position_ = std::min(entry.subscription->position_, common);
    }
  });
  for (Resume* resume : resuming_) resume->on_forgotten();
}

void Hub::on_skipped(const Skipped& skipped) {
  const Topic* topic = topics_.find(skipped.channel.view());
  if (topic == nullptr) return;
  const Gap gap{skipped.channel, skipped.first - 1, skipped.last + 1, skipped.last};
  for (const Topic::Entry& entry : topic->entries) {
    Resume* const resume = entry.subscription->resume_.get();
    if (resume != nullptr && resume->waits_for_watch()) continue;  // it was promised none of them
    metrics_.add(Counter::kMessagesDroppedInboxFull, static_cast<std::int64_t>(skipped.count));
    if (resume != nullptr) {
      resume->hold(gap);
    } else {
      tell_gap(*entry.subscription, gap);
    }
  }
}

// Everything up to here has reached every live stream that wants it: what was fanned out, or, on a loop that
// fanned out little yet, what the streams had when they became live.
MessageId Hub::heal_start() const {
  std::optional<MessageId> lowest;
  topics_.for_each([&](const Topic& topic) {
    for (const Topic::Entry& entry : topic.entries) {
      if (entry.subscription->resume_ != nullptr) continue;  // it reads for itself
      lowest = std::min(lowest.value_or(entry.subscription->position_), entry.subscription->position_);
    }
  });
  return std::max(watermark_, lowest.value_or(0));
}

// Reads what every live stream of this loop may have missed, in id order over all channels (a stream with
// many channels has one position), while what is announced meanwhile waits in heal_hold_.
void Hub::heal() {
  metrics_.add(Counter::kHeals);
  heal_stalled_ = heal_incomplete_ = false;
  std::vector<Replay::Source> sources;
  topics_.for_each([&](const Topic& topic) {
    if (topic.watched) sources.push_back({topic.name, options_of(topic.name.view()).max_age});
  });
  heal_ = std::make_unique<Replay>(*storage_,
                                   Replay::Sink{.on_message =
                                                    [this](const MessagePtr& message) {
                                                      metrics_.add(Counter::kHealedMessages);
                                                      fan_out(DeliveryPtr(new Delivery(message)));
                                                      return true;
                                                    },
                                                .on_gap = [this](const Gap& gap) { on_heal_gap(gap); },
                                                .on_done = [this](MessageId last) { on_healed(last); },
                                                .on_failed = [this](const Error&) { heal_stalled_ = true; }});
  heal_from_ = heal_start();
  heal_->start(std::move(sources), heal_from_, true, limits_.heal_replay_messages);
}

void Hub::on_heal_gap(const Gap& gap) {
  // The end of the data was lost: new ids start below what was seen, and must pass.
  const bool rewound = gap.first <= heal_from_;
  if (rewound) {
    watermark_ = std::min(watermark_, gap.first - 1);
    proven_ = std::min(proven_, gap.first - 1);
  }
  const Topic* topic = topics_.find(gap.channel.view());
  if (topic == nullptr) return;
  for (const Topic::Entry& entry : topic->entries) {
    Subscription& subscription = *entry.subscription;
    if (subscription.resume_ != nullptr) {
      subscription.resume_->on_interrupted();  // its read may be older than what the heal found missing
      continue;
    }
    if (rewound) {
      subscription.position_ = std::min(subscription.position_, gap.first - 1);
    } else if (gap.gone <= subscription.position_) {
      continue;  // it became live behind what is missing
    }
    tell_gap(subscription, gap);
  }
}

// The data was lost, but that came out only when messages of its new life had been fanned out. Live streams
// miss none of the old life; what they could go back to is gone.
void Hub::tell_new_life(MessageId former) {
  topics_.for_each([&](const Topic& topic) {
    for (const Topic::Entry& entry : topic.entries) {
      if (entry.subscription->resume_ != nullptr) continue;  // it compares for itself
      tell_gap(*entry.subscription, {topic.name, former - 1, epoch_, epoch_ - 1});
    }
  });
}

void Hub::on_healed(MessageId last) {
  if (heal_incomplete_) {
    heal_hold_.clear();
    heal_stalled_ = true;  // again from the watermark reached, with the next tick
    return;
  }
  const MessageId epoch = heal_->epoch();
  const MessageId before = std::exchange(epoch_, epoch);
  if (before != 0 && before < epoch && heal_from_ + 1 >= epoch) tell_new_life(before);
  watermark_ =
      std::max(watermark_, std::max<MessageId>(epoch, 1) - 1);  // nobody needs to be told of the epoch again
  watermark_ = std::min(watermark_, last);  // with nobody here to be told of lost data, it is still lost
  state_ = State::kWhole;
  std::deque<DeliveryPtr> held;
  held.swap(heal_hold_);
  for (const DeliveryPtr& delivery : held) fan_out(delivery);
}

bool Hub::has_presence(const Namespaces& namespaces, std::string_view channel) {
  return !channel.starts_with('$') && namespaces.of(channel).presence;
}

void Hub::tell_joined(Subscription& subscription) {
  if (presence_ == nullptr) return;
  std::optional<SubscriberInfo> info;
  for (const Subscription::Member& member : subscription.members_) {
    const ChannelName& channel = member.topic->name;
    if (!has_presence(channel.view())) continue;
    if (!info) info = subscription.subscriber().info();
    presence_->on_joined(channel, *info);
  }
  if (info) subscription.client_ = info->number;
}

// The subscriber may be half destroyed by now: only its number is known.
void Hub::tell_left(const Subscription& subscription) {
  if (presence_ == nullptr) return;
  for (const Subscription::Member& member : subscription.members_) {
    const ChannelName& channel = member.topic->name;
    if (has_presence(channel.view())) presence_->on_left(channel, subscription.client_);
  }
}

void Hub::tell_changed_presence(const Namespaces& before) {
  if (presence_ == nullptr) return;
  topics_.for_each([&](const Topic& topic) {
    const bool had = has_presence(before, topic.name.view());
    if (had == has_presence(topic.name.view())) return;
    for (const Topic::Entry& entry : topic.entries) {
      Subscription& subscription = *entry.subscription;
      if (had) {
        presence_->on_left(topic.name, subscription.client_);
      } else {
        const SubscriberInfo info = subscription.subscriber().info();
        subscription.client_ = info.number;
        presence_->on_joined(topic.name, info);
      }
    }
  });
}

// By difference: the other partitions of the loop count in the same gauges.
void Hub::count_topics() {
  const auto topics = static_cast<std::int64_t>(topics_.channels());
  const auto subscriptions = static_cast<std::int64_t>(topics_.subscriptions());
  metrics_.add(Gauge::kChannels, topics - std::exchange(counted_topics_, topics));
  metrics_.add(Gauge::kSubscriptions, subscriptions - std::exchange(counted_subscriptions_, subscriptions));
}

}  // namespace relay::hub
