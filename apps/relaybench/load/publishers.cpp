#include "load/publishers.hpp"

#include <algorithm>

namespace relay::bench {

Publishers::Publishers(Station& station)
    : station_(station),
      schedule_(Curve::of_rate(station.plan, station.plan.shape.rate)),
      alarm_(station.loop, [this] { on_time(); }) {
  for (std::uint32_t i = station.index; i < station.plan.shape.publishers; i += station.plan.processes) {
    publishers_.emplace_back(station, exceptions_, i);
  }
  next_ = station.index;
}

void Publishers::tick(std::int64_t now) {
  for (Publisher& publisher : publishers_) publisher.tick(now);
}

bool Publishers::is_ready() const {
  return std::all_of(publishers_.begin(), publishers_.end(),
                     [](const Publisher& one) { return one.is_open(); });
}

bool Publishers::is_idle() const {
  return std::all_of(publishers_.begin(), publishers_.end(),
                     [](const Publisher& one) { return one.is_idle(); });
}

void Publishers::start() {
  if (publishers_.empty()) return;
  if (station_.plan.shape.closed) {
    for (Publisher& publisher : publishers_) publisher.run_closed();
    return;
  }
  due_ = schedule_.time_of(next_);
  on_time();
}

Publisher& Publishers::owner_of_next() {
  const std::uint64_t publisher = next_ % station_.plan.shape.publishers;
  return publishers_[(publisher - station_.index) / station_.plan.processes];
}

// To the next message of one of ours.
void Publishers::advance() {
  const std::uint64_t all = station_.plan.shape.publishers;
  do {
    ++next_;
  } while (next_ % all % station_.plan.processes != station_.index);
  due_ = schedule_.time_of(next_);
}

void Publishers::on_time() {
  send_due(station_.now());
  for (Publisher* publisher : touched_) publisher->flush();
  touched_.clear();
  if (due_) alarm_.set(station_.setup.epoch_ns + station_.begin + *due_);
}

void Publishers::send_due(std::int64_t now) {
  for (int i = 0; i < kBatch && due_ && station_.begin + *due_ <= now; ++i) {
    const std::int64_t intended = station_.begin + *due_;
    const std::int64_t late = now - intended;
    station_.tally.interval.lag.record(late);
    const bool counts = station_.figures_at(intended) != nullptr;
    if (counts) station_.tally.lag.record(late);
    Publisher& publisher = owner_of_next();
    if (late > kMaxLate) {
      station_.tally.dropped_slots += counts ? 1 : 0;
    } else {
      publisher.publish(intended);
      touched_.push_back(&publisher);
    }
    advance();
  }
}

void Publishers::end_load() {
  const std::int64_t now = station_.now();
  while (due_ && station_.begin + *due_ <= now)
    send_due(now);  // the last ones, if this tick came before theirs
  due_.reset();
  for (Publisher& publisher : publishers_) publisher.halt();
}

void Publishers::abandon() {
  for (Publisher& publisher : publishers_) publisher.abandon();
}

}  // namespace relay::bench
