// Metrics of the bridge's requests, whose labels are only known at run time.
//
// Any thread; a lock per request, so bridge routes only. What a client chooses (method, host) is bounded:
// beyond kMaxCombinations of labels everything more is counted under "other".
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/table.hpp"

namespace relay::metrics {

struct RequestOutcome {
  int code = 0;             // HTTP status, 100 to 599
  std::string_view method;  // as the client wrote it
  std::string_view host;    // the Host header, as the client wrote it
  std::string_view url;     // the route ("/bridge/message"), not what the client wrote
  double seconds = 0;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
};

class RequestSeries {
 public:
  static constexpr std::size_t kMaxCombinations = 200;

  RequestSeries();
  void observe(const RequestOutcome& outcome);
  // A request came with the bypass token at this place of the configured list. Never the token itself.
  void token_used(std::size_t index);
  std::vector<prometheus::MetricFamily> collect() const { return registry_.Collect(); }

 private:
  struct Cells {  // owned by the registry
    prometheus::Counter* requests;
    prometheus::Histogram* seconds;
    prometheus::Histogram* request_bytes;
    prometheus::Histogram* response_bytes;
  };
  // REQUIRES: mutex_ is held.
  Cells& cells_of(const prometheus::Labels& labels);

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& token_usage_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Histogram>& request_bytes_;
  prometheus::Family<prometheus::Histogram>& response_bytes_;

  std::mutex mutex_;                           // guards cells_
  std::map<prometheus::Labels, Cells> cells_;  // at most kMaxCombinations, and one "other" per status
};

}  // namespace relay::metrics
