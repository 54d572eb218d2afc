// What the admin interface remembers: rates of the last minute, the most clients so far, a log level that
// falls back.
//
// sample() once a second on the first loop; the rest on any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace relay::frontend {

struct Shared;

class AdminState {
 public:
  static constexpr std::size_t kSamples = 60;

  // Messages in and out in each of the last seconds, the newest last.
  struct Rates {
    std::vector<std::int64_t> published;
    std::vector<std::int64_t> delivered;
    double published_per_second = 0;  // over the last ten seconds
    double delivered_per_second = 0;
    std::int64_t peak_clients = 0;
  };

  void sample(const Shared& shared, std::int64_t steady_ms);
  Rates rates() const;

  // `fallback` after which the level from before the first temporary one comes back; none: for good.
  void set_log_level(log::Level level, std::optional<Milliseconds> fallback, std::int64_t steady_ms);
  // Milliseconds until the temporary level ends; nothing if there is none.
  std::optional<std::int64_t> log_level_left_ms(std::int64_t steady_ms) const;
  // A reload has set the level: nothing falls back any more.
  void forget_log_level();

 private:
  struct Sample {
    std::int64_t published;
    std::int64_t delivered;
  };
  struct Fallback {
    log::Level level;
    std::int64_t at_ms;
  };
  mutable std::mutex mutex_;
  std::deque<Sample> samples_;  // totals, the newest last: one more than kSamples
  std::int64_t peak_clients_ = 0;
  std::optional<Fallback> fallback_;
};

std::int64_t clients_of(const Shared& shared);  // all transports, all loops; any thread

}  // namespace relay::frontend
