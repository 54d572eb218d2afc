// Where things lie in Redis Cluster: slots, hash tags, and the partitions that relay lays over them. Pure;
// any thread.
//
// A slot is CRC-16/XMODEM of a key's hash tag, modulo 16,384
// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
//
// Partition i of n has the tag "<i>.<k>", k the smallest number whose slot falls into the i-th of n equal
// ranges of slots: a cluster that splits the slots evenly splits the partitions evenly. Partition 0's tag
// falls into the range that partition 0 has for every n, so it is the same for each: what is true of the
// whole store can be kept there.
//
// A channel's partition is FNV-1a (64 bits, the upper half xored onto the lower) of its name, modulo n. Both
// are part of the layout of stored data: they never change.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::redis {

inline constexpr std::uint32_t kSlots = 16384;
inline constexpr std::uint32_t kMaxPartitions = 1024;

// Of a whole key or shard channel: its hash tag if it has one, else all of it.
std::uint32_t slot_of(std::string_view key);

// REQUIRES: 1 <= partitions <= kMaxPartitions.
std::vector<std::string> partition_tags(std::uint32_t partitions);
// What a name is about decides: the joins and leaves of a channel are in its own partition (hub::subject_of).
std::uint32_t partition_of(std::string_view channel, std::uint32_t partitions);

}  // namespace relay::redis
