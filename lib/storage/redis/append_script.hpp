// How appends are said to append.lua, several in one step, and what its answer means for each. Pure; any
// thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hub/storage.hpp"
#include "storage/redis/executor.hpp"
#include "storage/redis/settings.hpp"

namespace relay::redis {

// A channel's expiries are renewed once in a span of the clock, which saves the other appends two calls. At
// most this long, so that a log still outlives its last message.
inline constexpr Milliseconds kMostRenewal = kLinger / 2;

struct Append {
  hub::AppendRequest request;
  hub::AppendDone done;  // empty once it is answered
  SteadyTime began{};
  SteadyTime deadline{};
  Milliseconds renewal{1};
};

// A channel's bounds as the scripts are told them.
struct Bounds {
  std::uint64_t most;     // messages
  std::uint64_t trim_at;  // so many elements: trimming is amortised
  std::uint64_t bytes;    // 0: out of reach for so many messages, and not counted
};
Bounds bounds_of(const hub::ChannelOptions& keep, const RedisSettings& settings);

// With PUBLISH, or with SPUBLISH on Redis Cluster.
const Script& append_script(Mode mode);

// Brings those of a channel together that append.lua takes as one group. The order within a channel stays,
// and that of the channels' first ones.
void group_appends(std::vector<Append>& appends);

// Hot: once per batch. REQUIRES: grouped, and not empty.
void encode_appends(std::string& out, const std::vector<Append>& appends, const Keyspace& keys,
                    const RedisSettings& settings, bool whole_script);

// Calls `take` for each of `count` appends, in order.
using TakeAppended = std::function<void(std::size_t number, Result<hub::Appended> answer)>;
void for_each_answer(const Reply& reply, std::size_t count, const TakeAppended& take);

// Of an append that got none.
Error lost_append(bool written);

}  // namespace relay::redis
