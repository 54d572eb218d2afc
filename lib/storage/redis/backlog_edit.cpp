#include "storage/redis/backlog_edit.hpp"

#include "storage/redis/append_script.hpp"
#include "storage/redis/record.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {

const Script& trim_script() {
  static const Script script(kBacklogTrimScript);
  return script;
}
const Script& replace_script() {
  static const Script script(kBacklogReplaceScript);
  return script;
}
const Script& settle_script() {
  static const Script script(kBacklogSettleScript);
  return script;
}
const Script& import_script() {
  static const Script script(kBacklogImportScript);
  return script;
}
const Script& begin_script() {
  static const Script script(kBacklogBeginScript);
  return script;
}

std::string kept_ms(const hub::ChannelOptions& keep) {
  return std::to_string((keep.max_age + kLinger).count());
}
std::string remembered_ms(const hub::ChannelOptions& keep) {
  return std::to_string((keep.max_age + kRemembered).count());
}

bool bytes_are_counted(const hub::ChannelOptions& keep, const RedisSettings& settings) {
  return bounds_of(keep, settings).bytes > 0;
}

}  // namespace

ScriptCall trim_call(const Keyspace& keys, std::string_view channel, std::uint64_t most, MessageId lowest,
                     const hub::ChannelOptions& keep) {
  return {trim_script(),
          {keys.log(channel), keys.bytes(channel), keys.last(channel)},
          {std::to_string(most), std::to_string(lowest), std::to_string(kTrimBatch), remembered_ms(keep)}};
}

ScriptCall bury_call(const Keyspace& keys, std::string_view channel, std::string_view element, MessageId id) {
  return {replace_script(),
          {keys.log(channel), keys.bytes(channel)},
          {std::string(element), encode_tombstone(id), std::to_string(id)}};
}

ScriptCall rescore_call(const Keyspace& keys, std::string_view channel, std::string_view element,
                        MessageId score) {
  return {replace_script(),
          {keys.log(channel), keys.bytes(channel)},
          {std::string(element), std::string(element), std::to_string(score)}};
}

ScriptCall drop_call(const Keyspace& keys, std::string_view channel, std::string_view element) {
  return {replace_script(), {keys.log(channel), keys.bytes(channel)}, {std::string(element)}};
}

ScriptCall settle_call(const Keyspace& keys, std::string_view channel, const hub::ChannelOptions& keep,
                       const KnownHistory& known) {
  return {settle_script(),
          {keys.log(channel), keys.bytes(channel), keys.last(channel)},
          {kept_ms(keep), remembered_ms(keep), std::to_string(known.through), std::to_string(known.gone),
           std::to_string(known.last)}};
}

ScriptCall import_call(const Keyspace& keys, std::string_view channel, MessageId id, std::string record,
                       const hub::ChannelOptions& keep, const RedisSettings& settings) {
  const bool counted = bytes_are_counted(keep, settings);
  return {import_script(),
          {keys.seq(), keys.epoch(), keys.log(channel), keys.bytes(channel), keys.last(channel)},
          {keys.bus(channel), std::move(record), std::to_string(id), kept_ms(keep), remembered_ms(keep),
           counted ? "1" : "0", keys.numsub() == "NUMSUB" ? "PUBLISH" : "SPUBLISH"}};
}

ScriptCall begin_call(const Keyspace& keys, MessageId epoch, MessageId least_last) {
  return {begin_script(), {keys.seq(), keys.epoch()}, {std::to_string(epoch), std::to_string(least_last)}};
}

}  // namespace relay::redis
