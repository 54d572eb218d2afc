#include "search_steps.hpp"

#include <algorithm>
#include <cmath>

namespace relay::bench {

void SearchSteps::tried(bool good) {
  ++tries_;
  if (good) {
    good_ = std::max(next_, good_.value_or(0));
  } else {
    bad_ = std::min(next_, bad_.value_or(next_));
  }
  if (!bad_) {
    next_ *= step_;
  } else if (!good_) {
    next_ /= step_;
  } else {
    next_ = std::sqrt(*good_ * *bad_);
  }
}

bool SearchSteps::done() const {
  if (tries_ >= kMostTries) return true;
  return good_ && bad_ && *bad_ <= *good_ * (1 + precision_);
}

}  // namespace relay::bench
