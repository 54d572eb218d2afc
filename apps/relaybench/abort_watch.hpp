// --abort-on-fail: ends a run once a threshold on the latency of deliveries is out of reach.
//
// While a run goes on, only the p99 of each interval is known; so thresholds on e2e.p99 are watched, and one
// that three intervals in a row miss, within its stage, ends the run. All others are judged at the end. One
// thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "load/engine.hpp"
#include "report/threshold.hpp"

namespace relay::bench {

class AbortWatch {
 public:
  explicit AbortWatch(std::span<const Threshold> thresholds);
  // Whether this interval was one too many.
  bool exceeded(const Moment& moment);

 private:
  struct Watched {
    Threshold threshold;
    int misses = 0;
  };
  std::vector<Watched> watched_;
};

}  // namespace relay::bench
