#include "storage/redis/cluster_nodes.hpp"

#include "support/catch.hpp"

namespace relay::redis {
namespace {
using Range = std::pair<std::uint32_t, std::uint32_t>;

TEST_CASE("masters, replicas and their slots are read") {
  const auto nodes = parse_cluster_nodes(
      "07c37dfe 127.0.0.1:30004@31004,host4,shard-id=9 slave e7d1eecc 0 1426238317239 4 connected\n"
      "67ed2db8 127.0.0.1:30002@31002,,shard-id=9 master - 0 1426238316232 2 connected 5461-10922 12000\n"
      "e7d1eecc 10.0.0.5:30001@31001 myself,master - 0 0 11 connected 0-5460 [93->-67ed2db8] "
      "[77-<-e7d1eecc]\n");
  REQUIRE(nodes.size() == 3);
  CHECK(!nodes[0].is_master);
  CHECK(nodes[0].hostname == "host4");
  CHECK(nodes[0].slots.empty());
  CHECK(nodes[1].is_master);
  CHECK(nodes[1].hostname.empty());
  CHECK(nodes[1].slots == std::vector<Range>{{5461, 10922}, {12000, 12000}});
  CHECK(nodes[2].is_master);
  CHECK(nodes[2].host == "10.0.0.5");
  CHECK(nodes[2].port == 30001);
  CHECK(nodes[2].epoch == 11);
  CHECK(nodes[2].slots == std::vector<Range>{{0, 5460}});
}

TEST_CASE("failed nodes and nodes without an address are known for it") {
  const auto nodes = parse_cluster_nodes(
      "a 127.0.0.1:1@2 master,fail - 0 0 1 disconnected 0-1\r\n"
      "b 127.0.0.1:1@2 master,fail? - 0 0 1 connected 2\r\n"
      "c :0@0 master,noaddr - 0 0 1 disconnected 3\r\n");
  REQUIRE(nodes.size() == 3);
  CHECK(nodes[0].is_failed);
  CHECK(!nodes[1].is_failed);  // one node's suspicion
  CHECK(nodes[2].is_failed);
}

TEST_CASE("a node that knows no address of its own leaves it empty") {
  const auto nodes = parse_cluster_nodes("a :7000@17000 myself,master - 0 0 1 connected 0-16383\n");
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0].host.empty());
  CHECK(nodes[0].port == 7000);
  CHECK(!nodes[0].is_failed);
}

TEST_CASE("what is not a node is left out, what is not a slot passed over") {
  CHECK(parse_cluster_nodes("").empty());
  CHECK(parse_cluster_nodes("hello\n\n \n").empty());
  const auto nodes = parse_cluster_nodes("a 127.0.0.1:1@2 master - 0 0 1 connected 7-3 x 16384 -1 1-2-3 9\n");
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0].slots == std::vector<Range>{{9, 9}});
}

}  // namespace
}  // namespace relay::redis
