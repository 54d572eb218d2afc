// Commands and scripts of the store's other users (registry, purge, relayctl): the way to the node that
// serves a partition, redirects of Redis Cluster followed. Loop thread only.
//
// Every call is answered exactly once, in time and perhaps before it returns: with Redis's answer, which may
// be an error, or with Reply::value null when there was none within `timeout`. A null answer with `written`
// false was not run; with `written` true it may have been.
//
// A script is one step on one slot: all its keys are of one partition (Keyspace makes them), or share a hash
// tag of their own, which keyspace.hpp then lists.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/redis_link.hpp"

namespace relay::redis {

// A script and its name in Redis's cache. A constant; any thread.
class Script {
 public:
  explicit Script(std::string_view text);
  std::string_view text() const { return text_; }
  const std::string& sha() const { return sha_; }

 private:
  std::string_view text_;
  std::string sha_;
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual std::uint32_t partitions() const = 0;
  virtual std::uint32_t partition_of(std::string_view channel) const = 0;
  // The names of a partition's keys. Valid for the executor's life.
  virtual const Keyspace& keys(std::uint32_t partition) const = 0;

  // Waits for the partition's node if need be. `keys` are whole names; `script` outlives the call.
  virtual void call(std::uint32_t partition, const Script& script, std::vector<std::string> keys,
                    std::vector<std::string> arguments, OnReply on_reply, Milliseconds timeout) = 0;
  virtual void command(std::uint32_t partition, std::vector<std::string> words, OnReply on_reply,
                       Milliseconds timeout) = 0;

  // The masters, as far as known: what a walk over all keys (SCAN) has to visit.
  virtual std::vector<std::string> nodes() const = 0;
  virtual void command_on(std::string_view node, std::vector<std::string> words, OnReply on_reply,
                          Milliseconds timeout) = 0;
};

}  // namespace relay::redis
