#include "metrics/request_series.hpp"

#include <algorithm>
#include <array>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace relay::metrics {
namespace {

constexpr std::size_t kMaxHostBytes = 255;
constexpr std::string_view kOther = "other";

const SeriesRow& row_of(Series series) {
  return kSeriesRows[static_cast<std::size_t>(series)];
}

template <class Builder>
auto& family_of(Builder builder, Series series, prometheus::Registry& registry) {
  const SeriesRow& row = row_of(series);
  return builder.Name(std::string(row.name)).Help(std::string(row.help)).Register(registry);
}

std::string_view known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 7> kMethods{"DELETE", "GET",  "HEAD", "OPTIONS",
                                                            "PATCH",  "POST", "PUT"};
  return std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end() ? kOther : method;
}

std::string host_label(std::string_view host) {
  return host.size() > kMaxHostBytes ? std::string(kOther) : repair_utf8(to_lower(host));
}

prometheus::Histogram::BucketBoundaries bounds(Buckets buckets) {
  return {buckets.begin(), buckets.end()};
}

}  // namespace

RequestSeries::RequestSeries()
    : token_usage_(family_of(prometheus::BuildCounter(), Series::kBridgeTokenUsage, registry_)),
      requests_(family_of(prometheus::BuildCounter(), Series::kHttpRequests, registry_)),
      seconds_(family_of(prometheus::BuildHistogram(), Series::kHttpDuration, registry_)),
      request_bytes_(family_of(prometheus::BuildHistogram(), Series::kHttpRequestSize, registry_)),
      response_bytes_(family_of(prometheus::BuildHistogram(), Series::kHttpResponseSize, registry_)) {}

void RequestSeries::observe(const RequestOutcome& outcome) {
  prometheus::Labels labels{{"code", std::to_string(outcome.code)},
                            {"method", std::string(known_method(outcome.method))},
                            {"host", host_label(outcome.host)},
                            {"url", std::string(outcome.url)}};
  const std::lock_guard lock(mutex_);
  if (cells_.size() >= kMaxCombinations && cells_.count(labels) == 0) {
    for (const char* name : {"method", "host", "url"}) labels[name] = kOther;
  }
  Cells& cells = cells_of(labels);
  cells.requests->Increment();
  cells.seconds->Observe(outcome.seconds);
  cells.request_bytes->Observe(static_cast<double>(outcome.request_bytes));
  cells.response_bytes->Observe(static_cast<double>(outcome.response_bytes));
}

RequestSeries::Cells& RequestSeries::cells_of(const prometheus::Labels& labels) {
  const auto found = cells_.find(labels);
  if (found != cells_.end()) return found->second;
  const Cells cells{&requests_.Add(labels), &seconds_.Add(labels, bounds(kHttpDurationBuckets)),
                    &request_bytes_.Add(labels, bounds(kHttpSizeBuckets)),
                    &response_bytes_.Add(labels, bounds(kHttpSizeBuckets))};
  return cells_.emplace(labels, cells).first->second;
}

void RequestSeries::token_used(std::size_t index) {
  token_usage_.Add({{"token", std::to_string(index)}}).Increment();
}

}  // namespace relay::metrics
