// How an append is said to append.lua, and what its answer means. Pure; any thread.
#pragma once

#include <string>

#include "hub/storage.hpp"
#include "storage/redis/executor.hpp"
#include "storage/redis/settings.hpp"

namespace relay::redis {

// With PUBLISH, or with SPUBLISH on Redis Cluster.
const Script& append_script(Mode mode);

// Hot: once per publish.
void encode_append(std::string& out, const hub::AppendRequest& request, const Keyspace& keys,
                   const RedisSettings& settings, bool whole_script);

Result<hub::Appended> append_answer(const Reply& reply);

}  // namespace relay::redis
