#include "report/headline.hpp"

#include <array>

namespace relay::bench {
namespace {

// What matters most comes first.
constexpr std::array<std::string_view, 10> kCandidates{"e2e.p99",
                                                       "server.cpu_per_delivery",
                                                       "server.cpu_per_publish",
                                                       "published.rate",
                                                       "delivered.rate",
                                                       "e2e.p50",
                                                       "publish.p99",
                                                       "replay.p99",
                                                       "connect.p99",
                                                       "server.bytes_per_client"};
constexpr std::size_t kMost = 6;

bool speaks(std::string_view name, const RunResult& result) {
  // In an open loop the schedule decides the rate.
  if (name.ends_with(".rate")) return !result.load.open;
  if (name == "server.cpu_per_publish") return !result.server.cpu_per_delivery_ns;
  return true;
}

}  // namespace

std::vector<Measure> headline(const RunResult& result) {
  std::vector<Measure> out;
  for (const std::string_view name : kCandidates) {
    auto measure = find_measure(name).value();
    if (out.size() < kMost && speaks(name, result) && measure.of(result)) out.push_back(std::move(measure));
  }
  return out;
}

}  // namespace relay::bench
