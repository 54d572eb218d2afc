// The latencies' names, once: in JSON, thresholds, tables and charts. Constants; any thread.
#pragma once

#include <array>
#include <string_view>

#include "result.hpp"

namespace relay::bench {

struct LatencyRow {
  Latency which;
  std::string_view key;    // in JSON and thresholds
  std::string_view label;  // in tables
  std::string_view note;   // beside the row
};

inline constexpr std::array<LatencyRow, kLatencies> kLatencyRows{{
    {Latency::kConnect, "connect", "connect", ""},
    {Latency::kPublish, "publish", "publish ack", ""},
    {Latency::kEndToEnd, "e2e", "end to end", "from intended send time"},
    {Latency::kService, "service", "service", "from actual send time"},
    {Latency::kReplay, "replay", "replay", "from reconnect to caught up"},
    {Latency::kSilence, "silence", "silence", "longest of each subscriber"},
}};

}  // namespace relay::bench
