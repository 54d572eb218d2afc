// Every key and topic that relay has in Redis: one row says what it is, when it goes, and who uses it.
// Constants; any thread.
//
// Keyspace makes the names; a test holds the two together. relay-redis(7) has the rows from here, and a test
// compares a real Redis with them after a busy run: nothing unlisted, nothing without an expiry or an owner.
//
// P is the prefix ("relay"); in Redis Cluster it is prefix and hash tag of a partition ("relay:{7.31}",
// slots.hpp), so that all keys of a partition lie in one slot. Names end in the part that comes from outside,
// or in a hash of fixed length, so no two rows can meet. Topics are shard channels in Redis Cluster.
#pragma once

#include <array>
#include <string_view>

namespace relay::redis {

enum class KeyType { kString, kHash, kSet, kSortedSet, kTopic };

struct KeyRow {
  std::string_view name;  // <...> stands for what comes from outside
  KeyType type;
  std::string_view holds;
  bool expires;           // Redis removes it by itself
  std::string_view goes;  // when, or who sees to it
  std::string_view used_by;
};

inline constexpr std::array kKeyRows{
    KeyRow{"P:seq", KeyType::kString, "The last id given.", false, "Never; the partition owns it.",
           "append.lua and epoch.lua write it; every read looks at it."},
    KeyRow{"P:epoch", KeyType::kString,
           "The first id of this data's life; cursors below it belong to data that was lost.", false,
           "Never; the partition owns it.",
           "append.lua writes it into an empty store, epoch.lua when data was lost; reads and probes look at "
           "it."},
    KeyRow{"P:history", KeyType::kString,
           "The replication id of the server that rules, then those of up to 15 before it, each with the "
           "last id it gave: "
           "\"<replid> [<replid> <last id>]...\".",
           false, "Never; the partition owns it.", "epoch.lua."},
    KeyRow{
        "P:forks", KeyType::kString,
        "Where lost lives of the data ended, or a server took over from another, the newest first, at most "
        "16: \"<epoch> <id>...\". A cursor below the epoch is good up to the id; above it the store may "
        "have messages that its client never saw.",
        false, "Never; the partition owns it.", "epoch.lua writes it; every read looks at it."},
    KeyRow{"P:layout", KeyType::kString,
           "The number of partitions that the store is laid out for; in partition 0 alone.", false,
           "Never; the store owns it.", "Every instance, when it connects; the first one writes it."},
    KeyRow{"P:log:<channel>", KeyType::kSortedSet,
           "The channel's backlog: a record per message, score = id; at most one marker \"!<id>\", score = "
           "id, for the highest "
           "id that trimming took. A message that relayctl removed leaves a record with a ttl of 0, which "
           "readers take for an "
           "expired one.",
           true, "The channel's max_age and at least half a minute after its last message.",
           "append.lua; every read; relayctl backlog."},
    KeyRow{"P:last:<channel>", KeyType::kString,
           "The last id kept in P:log:<channel>, to remember it when the log is gone.", true,
           "The channel's max_age and a day after its last message.", "append.lua; reads."},
    KeyRow{"P:bytes:<channel>", KeyType::kString,
           "Bytes of the records in P:log:<channel>; only where the channel's max_bytes can be reached.",
           true, "With P:log:<channel>.", "append.lua; relayctl backlog."},
    KeyRow{"P:idem:<channel>:<hash>", KeyType::kString,
           "What an Idempotency-Key stored: \"<id> <digest of the data>\"; the name ends in 32 hex digits of "
           "the key's hash.",
           true, "Ten minutes after its last use.", "append.lua."},
    KeyRow{
        "P:instances", KeyType::kSortedSet,
        "Every instance's id, score = time of its last heartbeat in ms by Redis's clock.", false,
        "An instance takes its own entry away when it ends; the purge takes a dead one's.",
        "instance_beat.lua, instance_list.lua, instance_purge.lua, presence_update.lua, presence_read.lua."},
    KeyRow{"P:instance:<id>", KeyType::kHash,
           "What an instance says of itself: version, host, start, counts, rates.", true,
           "A day after its last heartbeat; with the purge if it is dead.",
           "instance_beat.lua; instance_list.lua."},
    KeyRow{"P:held:<id>", KeyType::kHash,
           "What an instance has put into the P:subs of this partition: \"<loop>.<number>|<channel>\" = "
           "\"<transport> <since "
           "ms>\"; its token as \"@\".",
           false, "With the last of it; the purge removes a dead instance's.",
           "presence_update.lua, presence_read.lua, "
           "instance_beat.lua, instance_purge.lua."},
    KeyRow{"P:subs:<channel>", KeyType::kSet,
           "Who is on a channel with presence: \"<instance>:<loop>.<number>\" of each client.", false,
           "With its last member; each is owned by a P:held.",
           "presence_update.lua, presence_read.lua, instance_purge.lua."},
    KeyRow{"P:lease:purge", KeyType::kString, "Who removes dead instances just now.", true,
           "Ten seconds after it was renewed.", "lease.lua."},
    KeyRow{"P:bus:<channel>", KeyType::kTopic, "The same bytes as the record in the log.", false, "",
           "append.lua publishes; every loop with a subscriber of the channel listens."},
    KeyRow{"P:probe:<instance>:<loop>", KeyType::kTopic, "A counter.", false, "",
           "A loop of an instance hears itself, to prove its link end to end."},
    KeyRow{"P:instance:<id>:heartbeat", KeyType::kTopic, "Each heartbeat as JSON; never with a hash tag.",
           false, "", "instance_beat.lua publishes; for whoever wants to know."},
};

// "string", "hash", "set", "zset" as TYPE says it; "topic".
std::string_view name_of(KeyType type);

// The row of a key; null when it is none of ours. `prefix` is the prefix without a tag.
const KeyRow* row_of(std::string_view key, std::string_view prefix);

}  // namespace relay::redis
