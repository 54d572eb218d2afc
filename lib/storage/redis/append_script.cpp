#include "storage/redis/append_script.hpp"

#include <algorithm>

#include "storage/redis/record.hpp"
#include "storage/redis/refusal.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {

std::string with_shard_channels() {
  std::string text(kAppendScript);
  const std::string_view plain = "'PUBLISH'";
  return text.replace(text.find(plain), plain.size(), "'SPUBLISH'");
}

Error append_error(std::string_view text) {
  const bool refused = classify(text) != Refusal::kNone;
  return make_error(refused ? ErrorKind::kUnavailable : ErrorKind::kUnknown, "storage_error",
                    "Redis answered: " + std::string(text));
}

Error lost_append(bool written) {
  if (!written)
    return make_error(ErrorKind::kUnavailable, "storage_down", "no link to Redis took it: not stored");
  return make_error(ErrorKind::kUnknown, "storage_unknown", "the link to Redis broke before the answer came");
}

}  // namespace

const Script& append_script(Mode mode) {
  static const Script plain(kAppendScript);
  static const std::string sharded_text = with_shard_channels();
  static const Script sharded(sharded_text);
  return mode == Mode::kCluster ? sharded : plain;
}

void encode_append(std::string& out, const hub::AppendRequest& request, const Keyspace& keys,
                   const RedisSettings& settings, bool whole_script) {
  const hub::Draft& draft = request.draft;
  const hub::ChannelOptions& keep = request.keep;
  const std::string_view channel = draft.channel.view();
  const Script& script = append_script(settings.mode);
  const bool kept = draft.ttl_ms > 0;
  const bool has_key = !request.idempotency_key.empty();
  const std::size_t key_count = has_key ? 6 : kept ? 5 : 2;
  const std::size_t values = has_key ? 9 : kept ? 7 : 2;

  wire::RespCommand command(out, 3 + key_count + values);
  command.arg(whole_script ? "EVAL" : "EVALSHA")
      .arg(whole_script ? script.text() : script.sha())
      .arg(key_count);
  command.arg(keys.seq()).arg(keys.epoch());
  if (key_count > 2) command.arg(keys.log(channel)).arg(keys.bytes(channel)).arg(keys.last(channel));
  if (has_key) command.arg(keys.idempotency(channel, request.idempotency_key));
  command.arg(keys.bus(channel)).arg(encode_record_tail(draft));
  if (values > 2) {
    const std::uint64_t most = std::max<std::uint64_t>(keep.max_count, 1);
    const std::uint64_t slack = std::max<std::uint64_t>(8, most / 8);
    // Counting bytes costs two calls: only where records of this size could reach the bound.
    const std::uint64_t reach = (most + slack) * settings.max_record_bytes;
    const auto age = static_cast<std::uint64_t>((keep.max_age + kLinger).count());
    command.arg(kept ? age : 0).arg(most).arg(most + slack).arg(reach > keep.max_bytes ? keep.max_bytes : 0);
    command.arg(static_cast<std::uint64_t>((keep.max_age + kRemembered).count()));
  }
  if (has_key) {
    command.arg(static_cast<std::uint64_t>(hub::kIdempotencyWindow.count()));
    command.arg(short_hash((draft.is_json ? "j" : "t") + draft.event + '\n' + draft.data));
  }
}

Result<hub::Appended> append_answer(const Reply& reply) {
  if (reply.value == nullptr) return lost_append(reply.written);
  if (reply.value->is_error()) return append_error(reply.value->text());
  const std::int64_t id = reply.value->integer();
  if (id == 0) {
    return make_error(ErrorKind::kConflict, "idempotency_conflict",
                      "the idempotency key was used for other data");
  }
  return hub::Appended{static_cast<MessageId>(id < 0 ? -id : id), id < 0};
}

}  // namespace relay::redis
