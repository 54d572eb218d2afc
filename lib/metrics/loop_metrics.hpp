// What one event loop counts. Written by its loop only; read by any thread (relaxed atomics, no locks).
//
// Rows (name, help, unit, labels) stand once in metrics/table.hpp; a new metric is one row there and one
// add() at its owner.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "metrics/table.hpp"

namespace relay::metrics {

// The one writer needs no read-modify-write: load and store compile to plain moves and an add.
class Cell {
 public:
  void add(std::int64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::int64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

class LoopMetrics {
 public:
  void add(Counter counter, std::int64_t n = 1) { counters_[static_cast<std::size_t>(counter)].add(n); }
  void add(Gauge gauge, std::int64_t n) { gauges_[static_cast<std::size_t>(gauge)].add(n); }
  void set(Gauge gauge, std::int64_t n) { gauges_[static_cast<std::size_t>(gauge)].set(n); }
  std::int64_t get(Counter counter) const { return counters_[static_cast<std::size_t>(counter)].get(); }
  std::int64_t get(Gauge gauge) const { return gauges_[static_cast<std::size_t>(gauge)].get(); }

  // `value` in the histogram's base unit (seconds, bytes, or a plain number).
  void observe(Histogram histogram, double value);

 private:
  friend class Exposition;
  struct Cells {
    std::array<Cell, kMaxBuckets + 1> counts;  // as many as the row has buckets, then +Inf
    std::atomic<double> sum{0};
  };
  std::array<Cell, kCounters> counters_;
  std::array<Cell, kGauges> gauges_;
  std::array<Cells, kHistograms> histograms_;
};

}  // namespace relay::metrics
