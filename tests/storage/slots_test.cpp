#include "storage/redis/slots.hpp"

#include <map>
#include <set>

#include "support/catch.hpp"

namespace relay::redis {
namespace {

TEST_CASE("slots are Redis's own") {
  CHECK(slot_of("123456789") == 0x31c3 % kSlots);  // the check value of the cluster specification
  CHECK(slot_of("foo") == 12182);
  CHECK(slot_of("bar") == 5061);
  CHECK(slot_of("") == 0);
}

TEST_CASE("a hash tag alone decides the slot") {
  CHECK(slot_of("{user1000}.following") == slot_of("user1000"));
  CHECK(slot_of("foo{bar}{zap}") == slot_of("bar"));
  CHECK(slot_of("foo{{bar}}zap") == slot_of("{bar"));
  CHECK(slot_of("foo{}{bar}") != slot_of("bar"));  // an empty tag is none
  CHECK(slot_of("foo{bar") != slot_of("bar"));
}

TEST_CASE("partition i lies in the i-th of equal ranges of slots") {
  for (const std::uint32_t partitions : {1U, 2U, 3U, 16U, 64U, 1000U, kMaxPartitions}) {
    const auto tags = partition_tags(partitions);
    REQUIRE(tags.size() == partitions);
    for (std::uint32_t i = 0; i < partitions; ++i) {
      CHECK(tags[i].starts_with(std::to_string(i) + '.'));
      const std::uint32_t slot = slot_of("relay:{" + tags[i] + "}:log:x");
      CHECK(slot >= kSlots * i / partitions);
      CHECK(slot < kSlots * (i + 1) / partitions);
    }
  }
}

TEST_CASE("partition 0 is the same for every number of them") {
  for (const std::uint32_t partitions : {2U, 3U, 64U, 1023U, kMaxPartitions}) {
    CHECK(partition_tags(partitions).front() == partition_tags(1).front());
  }
}

// They name stored data: an upgrade must find what was written before it.
TEST_CASE("tags and partitions of channels stay what they are") {
  const auto tags = partition_tags(64);
  CHECK(tags[0] == "0.325");
  CHECK(tags[1] == "1.2");
  CHECK(tags[63] == "63.28");
  CHECK(partition_of("room:1", 64) == 7);
  CHECK(partition_of("room:2", 64) == 50);
  CHECK(partition_of("", 64) == 1);
}

TEST_CASE("channels spread over all partitions") {
  std::map<std::uint32_t, int> counts;
  for (int i = 0; i < 6400; ++i) ++counts[partition_of("room:" + std::to_string(i), 64)];
  CHECK(counts.size() == 64);
  for (const auto& [partition, count] : counts) {
    INFO(partition);
    CHECK(count > 50);
    CHECK(count < 200);
  }
}

}  // namespace
}  // namespace relay::redis
