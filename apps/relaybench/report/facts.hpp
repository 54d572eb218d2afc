// The lines that text, Markdown and HTML say in the same words. Pure; any thread.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "report/latency.hpp"
#include "result.hpp"

namespace relay::bench {

// One latency in words, in the order of kLatencyHeadings.
inline constexpr std::array<std::string_view, 7> kLatencyHeadings{"count", "min",   "p50", "p90",
                                                                  "p99",   "p99.9", "max"};
struct LatencyLine {
  const LatencyRow* row;
  std::array<std::string, kLatencyHeadings.size()> cells;
};
std::vector<LatencyLine> latency_lines(const Figures& figures);  // those that were measured

struct StageLine {
  std::string name;
  std::string span;  // "0 s to 15 s"
  std::string published;
  std::string delivered;
  std::string p50;
  std::string p99;
};
inline constexpr std::array<std::string_view, 6> kStageHeadings{"stage", "when", "in", "out", "p50", "p99"};
std::vector<StageLine> stage_lines(const RunResult& result);  // empty when there is but one

// "1,000 subscribers x 10 channels, open 500/s, 128 B, 30s after 5.0s warm-up"
std::string load_words(const RunResult& result);
std::string rates_words(const Figures& figures);          // "in 500/s   out 50.0k/s   ..."
std::string delivery_words(const Delivery& delivery);     // "expected 1,500,000   received ..."
std::string generator_words(const Generator& generator);  // "lag p99 0.03ms   cpu 41 %   ... -> valid"
std::string server_words(const Server& server);           // empty: not measured
// A line each: a Redis node, an action, a worker.
std::string redis_words(const RedisNode& node);
std::string action_words(const ActionOutcome& action);
std::string worker_words(const WorkerNote& worker);
std::string floor_words(const RunResult& result);  // empty: there is none
std::string sample_words(const Delivery::Sample& sample);
std::string verdict_words(const RunResult& result);  // "PASS (exit 0)"

}  // namespace relay::bench
