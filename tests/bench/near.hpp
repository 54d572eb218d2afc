// Comparing what is not exact, without the Approx that Catch2 2 and 3 keep in different places.
#pragma once

#include <cmath>

namespace relay::bench {

// Within a `share` of the expected value.
inline bool is_near(double value, double expected, double share) {
  return std::abs(value - expected) <= share * std::abs(expected);
}

}  // namespace relay::bench
