#include "load/population.hpp"

#include <algorithm>
#include <cmath>

namespace relay::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kComeBackAfter = kSecond / 2;  // after a cut that nobody ordered
constexpr std::int64_t kPatience = 15 * kSecond;      // without a single new stream during setup
constexpr double kBytesPerRead = net::IoLoop::kReadBufferBytes;

std::int64_t nanoseconds(milliseconds time) {
  return std::chrono::duration_cast<Nanoseconds>(time).count();
}

// Every n-th subscriber, so that the share holds among any of them.
bool is_slow(const Shape& shape, std::uint32_t number) {
  return std::floor((number + 1) * shape.slow_share) > std::floor(number * shape.slow_share);
}

}  // namespace

Population::Population(Station& station)
    : station_(station),
      clients_(Curve::of_clients(station.plan, 1)),
      churn_(Curve::of_churn(station.plan)),
      random_(station.plan.seed + station.index) {
  const Shape& shape = station.plan.shape;
  for (std::uint32_t number = station.index; number < shape.subscribers; number += station.plan.processes) {
    subscribers_.emplace_back(station_, *this, number, is_slow(shape, number));
  }
}

void Population::tick(std::int64_t now, std::int64_t since) {
  if (first_tick_ == 0) first_tick_ = last_progress_ = now;
  if (live_ != live_then_) last_progress_ = now;
  live_then_ = live_;
  in_setup_ = since < 0;
  bring_back(now);
  if (settled_) return;
  const double level = clients_.at(std::max<std::int64_t>(since, 0));
  follow(now, static_cast<std::uint32_t>(std::lround(level * static_cast<double>(subscribers_.size()))));
  if (since >= 0) {
    cut_off(now);
    churn(now, since, now - last_tick_);
    count_silence(now, since);
  }
  last_tick_ = now;
}

std::uint32_t Population::allowed_now(std::int64_t now) {
  const double rate = station_.plan.connect_rate / station_.plan.processes;
  if (rate > 0 && in_setup_) {
    return static_cast<std::uint32_t>(rate * static_cast<double>(now - first_tick_) / kSecond) + 1;
  }
  const auto dialing = static_cast<std::uint32_t>(active_ - std::min<std::uint64_t>(live_, active_));
  return active_ + (dialing < kMaxDialing ? kMaxDialing - dialing : 0);
}

void Population::follow(std::int64_t now, std::uint32_t wanted) {
  const std::uint32_t allowed = std::min(wanted, allowed_now(now));
  while (active_ < allowed) subscribers_[active_++].open();
  while (active_ > wanted) subscribers_[--active_].leave(false);
}

void Population::bring_back(std::int64_t now) {
  while (!returns_.empty() && returns_.top().at <= now) {
    Subscriber& subscriber = subscribers_[returns_.top().place];
    const bool wanted = returns_.top().place < active_;
    returns_.pop();
    if (wanted && subscriber.state() == Subscriber::State::kAway) subscriber.open();
  }
  const double rate = station_.plan.shape.slow_rate;
  if (rate <= 0 || station_.plan.shape.slow_share <= 0 || now < next_slow_read_) return;
  next_slow_read_ = now + static_cast<std::int64_t>(kBytesPerRead / rate * kSecond);
  for (Subscriber& subscriber : subscribers_) {
    if (subscriber.slow()) subscriber.read_a_little();
  }
}

void Population::send_away(std::uint32_t place, bool resume, std::int64_t back_at) {
  subscribers_[place].leave(resume);
  returns_.push({back_at, place});
}

void Population::cut_off(std::int64_t now) {
  const Shape& shape = station_.plan.shape;
  if (shape.kill_share <= 0) return;
  if (next_kill_ == 0) next_kill_ = now + nanoseconds(shape.kill_every);
  if (now < next_kill_) return;
  next_kill_ += nanoseconds(shape.kill_every);
  std::vector<std::uint32_t> live;
  for (std::uint32_t place = 0; place < active_; ++place) {
    if (subscribers_[place].state() == Subscriber::State::kLive) live.push_back(place);
  }
  std::shuffle(live.begin(), live.end(), random_);
  live.resize(static_cast<std::size_t>(std::lround(shape.kill_share * static_cast<double>(live.size()))));
  const std::int64_t back = now + nanoseconds(shape.reconnect_after);
  for (const std::uint32_t place : live) send_away(place, station_.setup.driver.traits().resumes, back);
}

void Population::churn(std::int64_t now, std::int64_t since, std::int64_t passed) {
  const double rate = churn_.at(since) / station_.plan.processes;
  if (rate <= 0 || active_ == 0) return;
  churn_due_ += rate * static_cast<double>(passed) / kSecond;
  for (; churn_due_ >= 1; --churn_due_) {
    const auto place = static_cast<std::uint32_t>(random_() % active_);
    if (subscribers_[place].state() == Subscriber::State::kLive) send_away(place, false, now);
  }
}

// From the end of the warm-up on.
void Population::count_silence(std::int64_t now, std::int64_t since) {
  if (counts_silence_ || since < nanoseconds(station_.plan.warmup)) return;
  counts_silence_ = true;
  for (Subscriber& subscriber : subscribers_) subscriber.begin_silence(now);
}

void Population::settle(std::int64_t now) {
  settled_ = true;
  if (!counts_silence_ || station_.plan.shape.publishers == 0) return;
  for (Subscriber& subscriber : subscribers_) subscriber.end_silence(now);
}

void Population::on_lost(Subscriber& subscriber) {
  const auto place = (subscriber.number() - station_.index) / station_.plan.processes;
  if (!station_.setup.driver.traits().resumes) subscriber.leave(false);
  if (in_setup_ && live_ == 0 &&
      station_.tally.connect_errors >= std::min<std::size_t>(20, subscribers_.size())) {
    const auto& error = *station_.tally.errors.begin();
    hopeless_ = "no subscriber gets a stream: " + error.first + ": " + error.second.first;
  }
  returns_.push({station_.now() + kComeBackAfter, place});
}

bool Population::is_ready(std::int64_t now) const {
  const double level = clients_.at(0) * static_cast<double>(subscribers_.size());
  if (live_ >= static_cast<std::uint64_t>(std::lround(level))) return true;
  return live_ > 0 && now - last_progress_ > kPatience;
}

bool Population::is_whole() {
  while (whole_ < subscribers_.size() && subscribers_[whole_].is_whole()) ++whole_;
  return whole_ == subscribers_.size();
}

std::uint64_t Population::gaps() const {
  std::uint64_t gaps = 0;
  for (const Subscriber& subscriber : subscribers_) {
    for (const Checker::Range& range : subscriber.checker().missing()) gaps += range.last - range.first + 1;
  }
  return gaps;
}

void Population::judge(const Exceptions& exceptions) {
  Delivery& delivery = station_.tally.delivery;
  for (Subscriber& subscriber : subscribers_) {
    const bool wanted = subscriber.number() / station_.plan.processes < active_;
    if (wanted && subscriber.state() != Subscriber::State::kLive && !subscriber.slow()) {
      station_.tally.fail("not_back", "a subscriber was still away at the end; its tail is not judged");
    }
    subscriber.finish();
    if (subscriber.slow()) continue;
    for (const Checker::Range& range : subscriber.checker().missing())
      judge_range(subscriber, range, exceptions);
  }
  delivery.expected = delivery.received + delivery.lost;
}

void Population::judge_range(Subscriber& subscriber, const Checker::Range& range,
                             const Exceptions& exceptions) {
  const Layout& layout = station_.setup.layout;
  Delivery& delivery = station_.tally.delivery;
  const std::uint32_t stream = layout.stream_of_tracker(subscriber.number(), range.tracker).value_or(0);
  std::uint64_t excused = 0;
  std::uint32_t first = range.first;
  exceptions.each(stream, range.first, range.last, [&](const Exception& exception) {
    ++excused;
    delivery.unacknowledged += exception.unknown ? 1 : 0;
    if (exception.sequence == first) ++first;
  });
  delivery.lost += range.last - range.first + 1 - excused;
  if (first <= range.last) {
    station_.tally.blame({"lost", station_.setup.channels[layout.channel_of(stream)], "", subscriber.number(),
                          layout.publisher_of(stream), first});
  }
}

}  // namespace relay::bench
