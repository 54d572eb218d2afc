// What relayctl does to backlogs, as calls of scripts: one step each, after which all keys of the channel are
// true again and every cursor is told what is gone. Pure; any thread. The scripts say what they answer.
//
// A message that is taken out of the middle leaves a tombstone (record.hpp) in its place, so that readers
// with older cursors are told; what is taken off the old end is remembered by the marker, and a log that goes
// whole by P:last.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "hub/channel.hpp"
#include "storage/redis/executor.hpp"
#include "storage/redis/settings.hpp"

namespace relay::redis {

struct ScriptCall {
  const Script& script;
  std::vector<std::string> keys;
  std::vector<std::string> arguments;
};

inline constexpr std::uint32_t kTrimBatch = 500;  // elements a script removes; some 1 ms of Redis's time

// Removes what is over `most` messages or below `lowest`, kTrimBatch at a time: again until it is done.
ScriptCall trim_call(const Keyspace& keys, std::string_view channel, std::uint64_t most, MessageId lowest,
                     const hub::ChannelOptions& keep);
// `element` goes; a tombstone takes its place.
ScriptCall bury_call(const Keyspace& keys, std::string_view channel, std::string_view element, MessageId id);
// `element` gets another score, or goes without a trace.
ScriptCall rescore_call(const Keyspace& keys, std::string_view channel, std::string_view element,
                        MessageId score);
ScriptCall drop_call(const Keyspace& keys, std::string_view channel, std::string_view element);

// What another place knows of a channel.
struct KnownHistory {
  MessageId through = 0;  // up to here it knows all; 0: it knows nothing
  MessageId gone = 0;     // the highest id that is no longer kept
  MessageId last = 0;     // the last id that was kept
};
ScriptCall settle_call(const Keyspace& keys, std::string_view channel, const hub::ChannelOptions& keep,
                       const KnownHistory& known = {});

// REQUIRES: begin_call() was answered before.
ScriptCall import_call(const Keyspace& keys, std::string_view channel, MessageId id, std::string record,
                       const hub::ChannelOptions& keep, const RedisSettings& settings);
ScriptCall begin_call(const Keyspace& keys, MessageId epoch, MessageId least_last);

}  // namespace relay::redis
