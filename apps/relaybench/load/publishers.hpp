// The publishers of one generator and the pacer that tells them when: a schedule fixed before the first
// message leaves (curve.hpp), kept by a timer of the kernel.
//
// Message k of the run belongs to publisher k modulo their count, whatever process that one lives in. What
// falls due while the pacer runs late is sent at once, with the time it was meant for; over kMaxLate behind
// it is not sent and counted as a dropped slot: the generator was not up to the load. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "load/curve.hpp"
#include "load/exceptions.hpp"
#include "load/publisher.hpp"
#include "load/station.hpp"

namespace relay::bench {

class Publishers {
 public:
  explicit Publishers(Station& station);

  void tick(std::int64_t now);
  bool is_ready() const;
  bool is_empty() const { return publishers_.empty(); }
  // The load begins at Station::begin.
  void start();
  // It is over: nothing new; what waits still goes out.
  void end_load();
  bool is_idle() const;
  void abandon();
  const Exceptions& exceptions() const { return exceptions_; }

 private:
  static constexpr std::int64_t kMaxLate = 1'000'000'000;
  static constexpr int kBatch = 512;  // messages of a turn, so that subscribers are read in between
  void on_time();
  void advance();
  void send_due(std::int64_t now);
  Publisher& owner_of_next();

  Station& station_;
  Exceptions exceptions_;
  std::deque<Publisher> publishers_;
  Schedule schedule_;
  Alarm alarm_;
  std::uint64_t next_ = 0;           // message of the run
  std::optional<std::int64_t> due_;  // when it is due, since the load began; nothing: never
  std::vector<Publisher*> touched_;
};

}  // namespace relay::bench
