// Reads the answer to CLUSTER NODES: who serves which slots, as one node of the cluster sees it. Pure; any
// thread.
//
//   <id> <ip:port@bus[,hostname]> <flags> <master id or -> <ping> <pong> <config epoch> <link state> <slot>
//   ...
//
// one line a node; a slot is "5", "0-5460", or in brackets when it is on its way (those are passed over). The
// config epoch orders what two nodes say of one slot: the higher one is newer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::redis {

struct ClusterNode {
  std::string host;      // empty: the one that was asked
  std::string hostname;  // empty: none is announced
  std::uint16_t port = 0;
  bool is_master = false;
  bool is_failed = false;  // by common consent, or without an address
  std::uint64_t epoch = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> slots;  // first and last of each range
};

// Lines that are none are left out; an answer without any is an empty list.
std::vector<ClusterNode> parse_cluster_nodes(std::string_view text);

}  // namespace relay::redis
