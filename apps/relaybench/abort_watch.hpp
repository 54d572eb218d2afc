// Ends a run once a threshold is out of reach: --abort-on-fail, and `abort = true` of a [[threshold]].
//
// While a run goes on, less is known than at its end. A number that only grows (repetitions, errors, the
// greatest latency) ends it as soon as it is too great. Latencies of deliveries and connections, rates and
// the generator's lag are looked at by interval: three in a row that miss, within the threshold's stage, end
// it. What else there is (losses, the server's cost) is known at the end only. One thread.
#pragma once

#include <span>
#include <vector>

#include "load/engine.hpp"
#include "report/threshold.hpp"

namespace relay::bench {

class AbortWatch {
 public:
  static bool can_watch(const Threshold& threshold);
  // Those with `aborts`. REQUIRES: can_watch() of each of them.
  explicit AbortWatch(std::span<const Threshold> thresholds);
  // Whether this interval was one too many.
  bool exceeded(const Moment& moment);

 private:
  struct Watched {
    Threshold threshold;
    int most_misses;
    int misses = 0;
  };
  std::vector<Watched> watched_;
};

}  // namespace relay::bench
