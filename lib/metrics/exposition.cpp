#include "metrics/exposition.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "metrics/process.hpp"

namespace relay::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricType type_of(Type type) {
  switch (type) {
    case Type::kCounter:
      return MetricType::Counter;
    case Type::kGauge:
      return MetricType::Gauge;
    case Type::kHistogram:
      return MetricType::Histogram;
  }
  return MetricType::Untyped;
}

// The family of that name: the last one, since rows of a name stand together, or a new one.
MetricFamily& family_of(std::vector<MetricFamily>& out, std::string_view name, std::string_view help,
                        Type type) {
  if (out.empty() || out.back().name != name) {
    out.push_back({std::string(name), std::string(help), type_of(type), {}});
  }
  return out.back();
}

ClientMetric metric_of(std::string_view label, std::string_view label_value) {
  ClientMetric metric;
  if (!label.empty()) metric.label.push_back({std::string(label), std::string(label_value)});
  return metric;
}

Lint lint_of(const std::string& name) {
  static const std::map<std::string_view, Lint> kLints = [] {
    std::map<std::string_view, Lint> lints;
    for (const CounterRow& row : kCounterRows) lints[row.name] = row.lint;
    for (const SeriesRow& row : kSeriesRows) lints[row.name] = row.lint;
    for (const AliasRow& row : kAliasRows) lints[row.name] = row.lint;
    return lints;
  }();
  const auto found = kLints.find(name);
  return found == kLints.end() ? Lint::kClean : found->second;
}

void make_untyped(MetricFamily& family) {
  family.type = MetricType::Untyped;
  for (ClientMetric& metric : family.metric) metric.untyped.value = metric.counter.value;
}

void make_clean(std::vector<MetricFamily>& families) {
  std::erase_if(families, [](const MetricFamily& family) { return lint_of(family.name) == Lint::kLeftOut; });
  for (MetricFamily& family : families) {
    if (lint_of(family.name) == Lint::kUntyped) make_untyped(family);
  }
}

}  // namespace

Exposition::Exposition(std::vector<const LoopMetrics*> loops, std::vector<Sampler> samplers,
                       const RequestSeries* series)
    : loops_(std::move(loops)), samplers_(std::move(samplers)), series_(series) {}

std::int64_t Exposition::total(Counter counter) const {
  std::int64_t sum = 0;
  for (const LoopMetrics* loop : loops_) sum += loop->get(counter);
  return sum;
}

std::int64_t Exposition::total(Gauge gauge) const {
  const bool sums = kGaugeRows[static_cast<std::size_t>(gauge)].combine == Combine::kSum;
  std::int64_t total = 0;
  for (const LoopMetrics* loop : loops_) {
    total = sums ? total + loop->get(gauge) : std::max(total, loop->get(gauge));
  }
  return total;
}

double Exposition::quantile(Histogram histogram, double part) const {
  const auto index = static_cast<std::size_t>(histogram);
  const Buckets& buckets = kHistogramRows[index].buckets;
  std::array<std::int64_t, kMaxBuckets + 1> counts{};
  std::int64_t all = 0;
  for (const LoopMetrics* loop : loops_) {
    for (std::size_t i = 0; i <= buckets.count; ++i) {
      counts[i] += loop->histograms_[index].counts[i].get();
      all += loop->histograms_[index].counts[i].get();
    }
  }
  if (all == 0) return 0;
  double left = static_cast<double>(all) * part;
  for (std::size_t i = 0; i < buckets.count; ++i) {
    left -= static_cast<double>(counts[i]);
    if (left <= 0) return buckets.first[i];
  }
  return buckets.first[buckets.count - 1];
}

std::vector<MetricFamily> Exposition::Collect() const {
  Families families;
  collect_counters(families);
  collect_gauges(families);
  collect_histograms(families);
  collect_samples(families);
  if (series_ != nullptr) {
    auto more = series_->collect();
    std::move(more.begin(), more.end(), std::back_inserter(families));
  }
  // A family without a value yet would be a help text that describes nothing.
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
  return families;
}

std::string Exposition::render(Names names) const {
  auto families = Collect();
  if (names == Names::kClean) make_clean(families);
  return prometheus::TextSerializer().Serialize(families);
}

void Exposition::collect_counters(Families& out) const {
  for (const CounterRow& row : kCounterRows) {
    ClientMetric metric = metric_of(row.label, row.label_value);
    metric.counter.value = static_cast<double>(total(row.counter));
    family_of(out, row.name, row.help, Type::kCounter).metric.push_back(std::move(metric));
  }
}

void Exposition::collect_gauges(Families& out) const {
  for (const GaugeRow& row : kGaugeRows) {
    ClientMetric metric = metric_of(row.label, row.label_value);
    metric.gauge.value = static_cast<double>(total(row.gauge)) * exported_scale(row.gauge);
    family_of(out, row.name, row.help, Type::kGauge).metric.push_back(std::move(metric));
  }
}

void Exposition::collect_histograms(Families& out) const {
  for (const HistogramRow& row : kHistogramRows) {
    family_of(out, row.name, row.help, Type::kHistogram).metric.push_back(histogram_metric(row, 1));
  }
  for (const AliasRow& alias : kAliasRows) {
    const HistogramRow& row = kHistogramRows[static_cast<std::size_t>(alias.of)];
    family_of(out, alias.name, alias.help, Type::kHistogram)
        .metric.push_back(histogram_metric(row, alias.scale));
  }
}

// The serializer adds the +Inf bucket from sample_count.
ClientMetric Exposition::histogram_metric(const HistogramRow& row, double scale) const {
  ClientMetric metric;
  std::array<std::uint64_t, kMaxBuckets + 1> counts{};
  for (const LoopMetrics* loop : loops_) {
    const LoopMetrics::Cells& cells = loop->histograms_[static_cast<std::size_t>(row.histogram)];
    for (std::size_t i = 0; i <= row.buckets.count; ++i)
      counts[i] += static_cast<std::uint64_t>(cells.counts[i].get());
    metric.histogram.sample_sum += cells.sum.load(std::memory_order_relaxed) * scale;
  }
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < row.buckets.count; ++i) {
    below += counts[i];
    metric.histogram.bucket.push_back({below, row.buckets.first[i] * scale});
  }
  metric.histogram.sample_count = below + counts[row.buckets.count];
  return metric;
}

void Exposition::collect_samples(Families& out) const {
  SampleSet samples;
  sample_process(samples);
  for (const Sampler& sampler : samplers_) sampler(samples);

  for (const SampleRow& row : kSampleRows) {
    MetricFamily& family = family_of(out, row.name, row.help, row.type);
    for (const SampleSet::Entry& entry : samples.entries()) {
      if (entry.sample != row.sample) continue;
      ClientMetric metric;
      for (const auto& [name, value] : entry.labels) metric.label.push_back({name, value});
      (row.type == Type::kCounter ? metric.counter.value : metric.gauge.value) = entry.value;
      family.metric.push_back(std::move(metric));
    }
  }
}

}  // namespace relay::metrics
