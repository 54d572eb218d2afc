// One subscription on its way to live: holding → replaying → live.
//
// Live messages are held back (bounded) while the backlog is read; then they follow, without those the
// backlog had already. When the hold overflows, or the store's link broke meanwhile, the backlog is read
// again from the position reached: nothing that is kept is lost for being slow, and of ephemeral messages it
// is told that they are missing. Loop thread only; owned by its
// Subscription.
#pragma once

#include <cstdint>
#include <deque>

#include "hub/replay.hpp"
#include "hub/storage.hpp"
#include "hub/subscription.hpp"

namespace relay::hub {

class Resume {
 public:
  // REQUIRES: subscription.hub_ is set and all channels are joined.
  Resume(Hub& hub, Subscription& subscription, const SubscribeRequest& request, std::size_t unconfirmed);
  ~Resume();
  Resume(const Resume&) = delete;
  Resume& operator=(const Resume&) = delete;

  // A topic of it is watched now.
  void on_watched();
  bool waits_for_watch() const { return unconfirmed_ > 0; }
  // A live message: kept until its turn.
  void hold(const DeliveryPtr& delivery);
  // Messages that no backlog has will not come: told in their place.
  void hold(const Gap& gap);
  // Announcements may have been missed, or the store answers again.
  void on_interrupted() { incomplete_ = true; }
  void on_restored();
  // While interrupted: the subscription's position went back; what was being read is to be read from there.
  void on_forgotten();
  // The store answers again, perhaps.
  void retry() {
    if (state_ == State::kStalled) proceed();
  }
  // The subscriber is no longer congested.
  void proceed();
  // The subscription leaves: it and its subscriber are not touched again.
  void retire();

 private:
  enum class State : std::uint8_t { kWatching, kReading, kStalled, kDraining, kDone };
  void read_backlog();
  void on_read_done(MessageId last);
  void on_read_failed(const Error& error);
  void know_position();
  void drain_hold();
  void clear_hold();
  void forget_hold();
  void become_live(bool with_gap);

  Hub& hub_;
  Subscription& subscription_;
  Replay replay_;
  struct Held {
    DeliveryPtr delivery;  // none: a gap
    Gap gap;
  };
  std::deque<Held> hold_;
  std::size_t held_gaps_ = 0;  // among them; not bounded but by forget_hold()
  std::size_t unconfirmed_;
  State state_ = State::kWatching;
  bool live_only_;
  bool tell_gaps_;
  const bool began_at_cursor_;
  const std::size_t parts_;
  bool told_live_ = false;
  bool incomplete_ = false;  // hold_ has a hole: read again
};

}  // namespace relay::hub
