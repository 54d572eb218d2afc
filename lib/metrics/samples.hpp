// Values that nobody counts along the way: they are asked for when metrics are scraped.
//
// A Sampler is called on whatever thread scrapes, possibly on several at once, and fills a SampleSet. Values.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/table.hpp"

namespace relay::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

class SampleSet {
 public:
  struct Entry {
    Sample sample;
    double value;
    Labels labels;
  };
  // REQUIRES: the same sample is not set twice with the same labels. One that is never set is not exported.
  void set(Sample sample, double value, Labels labels = {}) {
    entries_.push_back({sample, value, std::move(labels)});
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

using Sampler = std::function<void(SampleSet&)>;

}  // namespace relay::metrics
