// What Redis says of itself (INFO, CONFIG GET), node by node. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stored.hpp"

namespace relay::ctl {

struct NodeInfo {
  std::string node;
  std::map<std::string, std::string, std::less<>> fields;    // of INFO
  std::map<std::string, std::string, std::less<>> settings;  // of CONFIG GET; empty where that is not allowed
  std::optional<std::int64_t> keys;                          // DBSIZE
  double round_trip_ms = 0;
  double clock_offset_ms = 0;  // of its clock to ours

  std::string text(std::string_view field) const;
  std::int64_t number(std::string_view field) const;  // 0: none
  std::string setting(std::string_view name) const;
  std::string version() const;  // "7.0.15", "valkey 8.0.2"
};

// Of every master, in the order of nodes().
Outcome<std::vector<NodeInfo>> read_info(Stored& stored);

// Milliseconds of each of `count` round trips to a node, one after the other, with pauses between.
Outcome<std::vector<double>> ping_node(Stored& stored, const std::string& node, std::int64_t count,
                                       Milliseconds pause);

// A percentile of sorted numbers. REQUIRES: not empty.
double percentile(const std::vector<double>& sorted, double percent);

}  // namespace relay::ctl
