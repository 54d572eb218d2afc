#include "frontend/admin_state.hpp"

#include <algorithm>

#include "frontend/context.hpp"

namespace relay::frontend {
namespace {

using metrics::Counter;
using metrics::Gauge;

constexpr std::size_t kRateSeconds = 10;

}  // namespace

std::int64_t clients_of(const Shared& shared) {
  std::int64_t clients = 0;
  for (const LoopContext* there : shared.loops) {
    for (const Gauge gauge : {Gauge::kClientsSse, Gauge::kClientsWebSocket, Gauge::kClientsLongPoll}) {
      clients += there->metrics.get(gauge);
    }
  }
  return clients;
}

void AdminState::sample(const Shared& shared, std::int64_t steady_ms) {
  Sample now{0, 0};
  for (const LoopContext* there : shared.loops) {
    now.published += there->metrics.get(Counter::kMessagesPublished);
    now.delivered += there->metrics.get(Counter::kMessagesDelivered);
  }
  const std::int64_t clients = clients_of(shared);
  const std::lock_guard lock(mutex_);
  samples_.push_back(now);
  if (samples_.size() > kSamples + 1) samples_.pop_front();
  peak_clients_ = std::max(peak_clients_, clients);
  if (!fallback_ || steady_ms < fallback_->at_ms) return;
  log::set_level(fallback_->level);
  fallback_.reset();
}

AdminState::Rates AdminState::rates() const {
  const std::lock_guard lock(mutex_);
  Rates rates;
  for (std::size_t i = 1; i < samples_.size(); ++i) {
    rates.published.push_back(samples_[i].published - samples_[i - 1].published);
    rates.delivered.push_back(samples_[i].delivered - samples_[i - 1].delivered);
  }
  const std::size_t seconds = std::min(kRateSeconds, rates.published.size());
  if (seconds > 0) {
    const Sample& then = samples_[samples_.size() - 1 - seconds];
    rates.published_per_second =
        static_cast<double>(samples_.back().published - then.published) / static_cast<double>(seconds);
    rates.delivered_per_second =
        static_cast<double>(samples_.back().delivered - then.delivered) / static_cast<double>(seconds);
  }
  rates.peak_clients = peak_clients_;
  return rates;
}

void AdminState::set_log_level(log::Level level, std::optional<Milliseconds> fallback,
                               std::int64_t steady_ms) {
  const std::lock_guard lock(mutex_);
  if (!fallback) {
    fallback_.reset();
  } else {
    const log::Level before = fallback_ ? fallback_->level : log::level();
    fallback_ = Fallback{before, steady_ms + fallback->count()};
  }
  log::set_level(level);
}

std::optional<std::int64_t> AdminState::log_level_left_ms(std::int64_t steady_ms) const {
  const std::lock_guard lock(mutex_);
  if (!fallback_) return {};
  return std::max<std::int64_t>(0, fallback_->at_ms - steady_ms);
}

void AdminState::forget_log_level() {
  const std::lock_guard lock(mutex_);
  fallback_.reset();
}

}  // namespace relay::frontend
