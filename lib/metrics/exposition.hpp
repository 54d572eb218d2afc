// Everything that is counted, as Prometheus reads it: the loops' numbers summed, samples asked for, series
// added.
//
// Built before the loops start and immutable from then on; Collect() and render() from any thread at any
// time, also while loops count. What it is built from must outlive it. The text format is prometheus-cpp's
// (exposition format 0.0.4).
//
// kClean passes `promtool check metrics`. Some names of earlier systems cannot: counters without _total are
// given there as untyped, and ws_redis_latency_ms is left out. kAll has every name with its real type.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "metrics/loop_metrics.hpp"
#include "metrics/request_series.hpp"
#include "metrics/samples.hpp"

namespace relay::metrics {

inline constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

enum class Names { kClean, kAll };

class Exposition final : public prometheus::Collectable {
 public:
  // `samplers` beside the process's own; `series` may be null.
  Exposition(std::vector<const LoopMetrics*> loops, std::vector<Sampler> samplers,
             const RequestSeries* series);

  std::vector<prometheus::MetricFamily> Collect() const override;  // NOLINT: prometheus-cpp's name; all names
  std::string render(Names names = Names::kClean) const;

  // Sums over the loops, for tests and operators' screens.
  std::int64_t total(Counter counter) const;
  std::int64_t total(Gauge gauge) const;  // or the greatest, as the row says
  // The bound of the bucket that holds the `part` (0 to 1) of all observations since the start; 0 without
  // any.
  double quantile(Histogram histogram, double part) const;

 private:
  using Families = std::vector<prometheus::MetricFamily>;
  void collect_counters(Families& out) const;
  void collect_gauges(Families& out) const;
  void collect_histograms(Families& out) const;
  void collect_samples(Families& out) const;
  prometheus::ClientMetric histogram_metric(const HistogramRow& row, double scale) const;

  const std::vector<const LoopMetrics*> loops_;
  const std::vector<Sampler> samplers_;
  const RequestSeries* const series_;
};

}  // namespace relay::metrics
