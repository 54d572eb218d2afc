#include "metrics/loop_metrics.hpp"

#include <algorithm>

namespace relay::metrics {

// Hot: once per live message and loop. A bucket holds its upper bound (le).
void LoopMetrics::observe(Histogram histogram, double value) {
  const Buckets& bounds = kHistogramRows[static_cast<std::size_t>(histogram)].buckets;
  Cells& cells = histograms_[static_cast<std::size_t>(histogram)];
  const auto* bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  cells.counts[static_cast<std::size_t>(bound - bounds.begin())].add(1);
  cells.sum.store(cells.sum.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

}  // namespace relay::metrics
