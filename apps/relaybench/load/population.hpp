// The subscribers of one generator: who is connected when, who is cut off, who comes back; and the judgement
// on what they received.
//
// tick() drives it, every few milliseconds. Dials are bounded while clients come for the first time
// (kMaxDialing, or Plan::connect_rate), so that the listen queue is not what is measured; those who come back
// after a cut come all at once: that is the load asked for. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "load/curve.hpp"
#include "load/exceptions.hpp"
#include "load/station.hpp"
#include "load/subscriber.hpp"

namespace relay::bench {

class Population {
 public:
  explicit Population(Station& station);

  // `since` the load began; below 0: setup.
  void tick(std::int64_t now, std::int64_t since);
  // Everybody who is to be there at the beginning is live; or nobody more has come for long.
  bool is_ready(std::int64_t now) const;
  // Why setup can come to nothing; empty: it can still.
  const std::string& hopeless() const { return hopeless_; }
  // No more coming and going, but for those who are on their way back.
  void settle(std::int64_t now);
  // All that was sent is here, as far as anybody can tell. REQUIRES: nobody publishes any more.
  bool is_whole();
  void judge(const Exceptions& exceptions);

  std::uint64_t live() const { return live_; }
  std::uint64_t gaps() const;

  // Called by subscribers.
  void on_live() { ++live_; }
  void on_gone() { --live_; }
  void on_lost(Subscriber& subscriber);

 private:
  static constexpr std::uint32_t kMaxDialing = 256;
  struct Return {
    std::int64_t at;
    std::uint32_t place;
    bool operator>(const Return& other) const { return at > other.at; }
  };
  void follow(std::int64_t now, std::uint32_t wanted);
  std::uint32_t allowed_now(std::int64_t now);
  void bring_back(std::int64_t now);
  void cut_off(std::int64_t now);
  void churn(std::int64_t now, std::int64_t since, std::int64_t passed);
  void count_silence(std::int64_t now, std::int64_t since);
  void send_away(std::uint32_t place, bool resume, std::int64_t back_at);
  void judge_range(Subscriber& subscriber, const Checker::Range& range, const Exceptions& exceptions);

  Station& station_;
  Curve clients_;
  Curve churn_;
  std::deque<Subscriber> subscribers_;
  std::uint32_t active_ = 0;  // the first so many should be connected
  std::uint64_t live_ = 0;
  std::priority_queue<Return, std::vector<Return>, std::greater<>> returns_;
  std::mt19937_64 random_;
  std::int64_t first_tick_ = 0;
  std::int64_t last_tick_ = 0;
  std::int64_t last_progress_ = 0;
  std::uint64_t live_then_ = 0;
  std::int64_t next_kill_ = 0;
  std::int64_t next_slow_read_ = 0;
  double churn_due_ = 0;
  std::uint32_t whole_ = 0;  // so many are known to be whole
  bool settled_ = false;
  bool counts_silence_ = false;
  bool in_setup_ = true;
  std::string hopeless_;
  std::string first_failure_;
};

}  // namespace relay::bench
