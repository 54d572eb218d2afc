#include "hub/resume.hpp"

#include <algorithm>
#include <map>

#include "hub/hub.hpp"

namespace relay::hub {

Resume::Resume(Hub& hub, Subscription& subscription, const SubscribeRequest& request, std::size_t unconfirmed)
    : hub_(hub),
      subscription_(subscription),
      replay_(hub.storage(), {.on_message =
                                  [this](const MessagePtr& message) {
                                    become_live(false);
                                    const DeliveryPtr delivery(new Delivery(message));
                                    subscription_.position_ = message->id();
                                    know_position();
                                    hub_.replayed(subscription_, *delivery);
                                    return !subscription_.subscriber().congested();
                                  },
                              .on_gap =
                                  [this](const Gap& gap) {
                                    subscription_.position_ =
                                        std::min(subscription_.position_, replay_.position());
                                    become_live(true);
                                    hub_.tell_gap(subscription_, gap);
                                  },
                              .on_done = [this](MessageId last) { on_read_done(last); },
                              .on_failed = [this](const Error& error) { on_read_failed(error); }}),
      unconfirmed_(unconfirmed),
      live_only_(!request.after.has_value()),
      tell_gaps_(request.tell_gaps),
      began_at_cursor_(request.after.has_value()),
      parts_(request.parts) {
  subscription_.position_ = request.after.value_or(0);
  replay_.start_from(request.goes_back ? Replay::Origin::kCursor : Replay::Origin::kPage);
  replay_.start_from_time(request.after_is_time);
}

Resume::~Resume() {
  clear_hold();
}

void Resume::on_watched() {
  if (--unconfirmed_ == 0) read_backlog();
}

// A stream that begins live reads no messages, only the newest id: what is announced with a later one is its
// first. One read also tells whether the store is there, before the client is told that it is live.
void Resume::read_backlog() {
  state_ = State::kReading;
  std::vector<Replay::Source> sources;
  if (!live_only_) {
    for (const Subscription::Member& member : subscription_.members_) {
      sources.push_back({member.topic->name, hub_.options_of(member.topic->name.view()).max_age});
    }
  }
  replay_.start(std::move(sources), subscription_.position_, tell_gaps_, Replay::kBuffered / parts_);
}

void Resume::on_read_done(MessageId last) {
  // Below the cursor, if that was beyond the store's newest id. A live-only one has a position like any other
  // now.
  subscription_.position_ = std::max(replay_.position(), last);
  know_position();
  live_only_ = false;
  become_live(false);
  state_ = State::kDraining;
  drain_hold();
}

// It is the store's and this loop's from here on, whatever the client came with.
void Resume::know_position() {
  replay_.start_from(Replay::Origin::kOwn);
  replay_.start_from_time(false);
}

void Resume::on_read_failed(const Error& error) {
  if (!told_live_) return hub_.fail(subscription_, error);
  incomplete_ = true;
  state_ = State::kStalled;
}

void Resume::on_restored() {
  incomplete_ = true;
  if (state_ == State::kStalled) proceed();
}

void Resume::on_forgotten() {
  incomplete_ = true;
  if (state_ != State::kReading && state_ != State::kDraining) return;
  replay_.cancel();
  state_ = State::kStalled;
}

void Resume::proceed() {
  switch (state_) {
    case State::kReading:
      return replay_.pump();
    case State::kDraining:
      return drain_hold();
    case State::kStalled:
      incomplete_ = false;
      forget_hold();
      return read_backlog();
    case State::kWatching:
    case State::kDone:
      return;
  }
}

void Resume::retire() {
  state_ = State::kDone;
  replay_.cancel();
  clear_hold();
}

void Resume::hold(const DeliveryPtr& delivery) {
  if (hold_.size() - held_gaps_ >= std::max(hub_.limits().hold_messages / parts_, std::size_t{1})) {
    hub_.metrics().add(metrics::Counter::kHoldOverflows);
    forget_hold();
    incomplete_ = true;
  }
  hold_.push_back({delivery, {}});
  hub_.metrics().add(metrics::Gauge::kHoldQueueMessages, 1);
}

void Resume::hold(const Gap& gap) {
  hold_.push_back({nullptr, gap});
  ++held_gaps_;
  hub_.metrics().add(metrics::Gauge::kHoldQueueMessages, 1);
  if (held_gaps_ <= 2 * subscription_.members_.size()) return;
  forget_hold();
  incomplete_ = true;
}

void Resume::clear_hold() {
  hub_.metrics().add(metrics::Gauge::kHoldQueueMessages, -static_cast<std::int64_t>(hold_.size()));
  hold_.clear();
  held_gaps_ = 0;
}

// What is kept comes again with the backlog. Of the rest one gap for each channel stays.
void Resume::forget_hold() {
  std::map<std::string_view, Gap> gaps;
  for (const Held& held : hold_) {
    Gap gap = held.gap;
    if (held.delivery != nullptr) {
      const Message& message = held.delivery->message();
      if (message.ttl_ms() != 0 || message.id() == 0) continue;
      gap = {message.channel_name(), message.id() - 1, message.id() + 1, message.id()};
    }
    const auto [at, added] = gaps.try_emplace(gap.channel.view(), gap);
    if (added) continue;
    at->second.first = std::max(at->second.first, gap.first);
    at->second.gone = std::max(at->second.gone, gap.gone);
  }
  const std::deque<Held> former = std::move(hold_);
  hub_.metrics().add(metrics::Gauge::kHoldQueueMessages,
                     static_cast<std::int64_t>(gaps.size()) - static_cast<std::int64_t>(former.size()));
  hold_.clear();
  for (const auto& [channel, gap] : gaps) hold_.push_back({nullptr, gap});
  held_gaps_ = hold_.size();
}

void Resume::drain_hold() {
  if (incomplete_) {
    state_ = State::kStalled;
    return proceed();
  }
  while (!hold_.empty()) {
    if (subscription_.subscriber().congested()) return;
    const Held held = std::move(hold_.front());
    hold_.pop_front();
    hub_.metrics().add(metrics::Gauge::kHoldQueueMessages, -1);
    if (held.delivery != nullptr) {
      hub_.deliver(subscription_, *held.delivery);
    } else {
      --held_gaps_;
      hub_.tell_gap(subscription_, held.gap);
    }
  }
  if (subscription_.subscriber().not_ready()) return;
  state_ = State::kDone;
  hub_.finish(subscription_);
}

void Resume::become_live(bool with_gap) {
  if (told_live_) return;
  told_live_ = true;
  subscription_.recovered_ = began_at_cursor_ && !with_gap;
  subscription_.subscriber().on_live(subscription_);
}

}  // namespace relay::hub
