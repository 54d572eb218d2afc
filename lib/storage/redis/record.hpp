// A message as bytes: the member in its channel's log and the payload on its bus topic. Pure; any thread.
//
//   <id> <ttl_ms> <flags> <event bytes> <from bytes> <exclude bytes> <trace bytes>\n
//   <event><from><exclude><trace><data>
//
// The numbers are decimal, one space apart. flags: 1 = data is a JSON value. exclude is a run of
// "<bytes>:<client id>"; data is whatever is left. Everything after the id is made before the id is known,
// and append.lua puts the two together. The channel is in the key or topic, not in here.
//
// In a log only:
//   !<id>                    a marker (keyspace.hpp says what it means)
//   <id> 0 0 0 0 0 0\n       a tombstone: a record without a life, for a message that was taken out of the
//   middle.
//                            Readers take it for one that has expired.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "hub/message.hpp"

namespace relay::redis {

// All of a record but its id: from the first space on.
std::string encode_record_tail(const hub::Draft& draft);

// What stands before the text: enough to decide about a record without building its message.
struct RecordHead {
  MessageId id = 0;
  std::uint32_t ttl_ms = 0;
};

// Nothing if `record` is not one: foreign or damaged data. `channel` becomes the message's.
std::optional<RecordHead> parse_record_head(std::string_view record);
hub::MessagePtr parse_record(std::string_view record, const hub::ChannelName& channel);

std::string encode_tombstone(MessageId id);

inline bool is_marker(std::string_view member) {
  return !member.empty() && member.front() == '!';
}
std::optional<MessageId> parse_marker(std::string_view member);

}  // namespace relay::redis
