#include "storage/redis/append_script.hpp"

#include <algorithm>
#include <unordered_map>

#include "storage/redis/record.hpp"
#include "storage/redis/refusal.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {

constexpr std::uint64_t kLeastSlack = 8;  // elements that a log is let grow beyond its bound

std::string with_shard_channels() {
  std::string text(kAppendScript);
  const std::string_view plain = "'PUBLISH'";
  return text.replace(text.find(plain), plain.size(), "'SPUBLISH'");
}

Error append_error(ErrorKind kind, std::string_view text) {
  return make_error(kind, "storage_error", "Redis answered: " + std::string(text));
}

// Of the whole script, which may have stopped in the midst.
Error script_error(std::string_view text) {
  const bool refused = classify(text) != Refusal::kNone;
  return append_error(refused ? ErrorKind::kUnavailable : ErrorKind::kUnknown, text);
}

bool is_kept(const Append& append) {
  return append.request.draft.ttl_ms > 0;
}

bool has_key(const Append& append) {
  return !append.request.idempotency_key.empty();
}

bool same_options(const Append& a, const Append& b) {
  const hub::ChannelOptions& one = a.request.keep;
  const hub::ChannelOptions& other = b.request.keep;
  return one.max_age == other.max_age && one.max_count == other.max_count &&
         one.max_bytes == other.max_bytes && a.renewal == b.renewal;
}

bool share_a_group(const Append& a, const Append& b) {
  return a.request.draft.channel.view() == b.request.draft.channel.view() && !has_key(a) && !has_key(b) &&
         is_kept(a) == is_kept(b) && (!is_kept(a) || same_options(a, b));
}

// A group and what of it is said: the layout stands in append.lua.
struct Group {
  const Append* first;
  const Append* end;
  bool as_before;  // kept like the group before it
  Bounds bounds;

  std::size_t keys() const {
    return (is_kept(*first) ? bounds.bytes > 0 ? 3U : 2U : 0U) + (has_key(*first) ? 1U : 0U);
  }
  std::size_t values() const {
    return (is_kept(*first) && !as_before ? 6U : 1U) + 2 + (has_key(*first) ? 2U : 0U) +
           static_cast<std::size_t>(end - first);
  }
};

std::vector<Group> groups_of(const std::vector<Append>& appends, const RedisSettings& settings) {
  std::vector<Group> groups;
  const Append* const end = appends.data() + appends.size();
  for (const Append* at = appends.data(); at != end;) {
    const Append* const first = at++;
    while (at != end && share_a_group(*first, *at)) ++at;
    const bool as_before = !groups.empty() && is_kept(*first) && is_kept(*groups.back().first) &&
                           same_options(*first, *groups.back().first);
    groups.push_back({first, at, as_before, bounds_of(first->request.keep, settings)});
  }
  return groups;
}

void encode_keys(wire::RespCommand& command, const Group& group, const Keyspace& keys) {
  const hub::AppendRequest& request = group.first->request;
  const std::string_view channel = request.draft.channel.view();
  if (is_kept(*group.first)) {
    command.arg(keys.log(channel)).arg(keys.last(channel));
    if (group.bounds.bytes > 0) command.arg(keys.bytes(channel));
  }
  if (has_key(*group.first)) command.arg(keys.idempotency(channel, request.idempotency_key));
}

void encode_options(wire::RespCommand& command, const Group& group) {
  if (!is_kept(*group.first)) {
    command.arg("");
  } else if (group.as_before) {
    command.arg("=");
  } else {
    const auto age = group.first->request.keep.max_age;
    command.arg(static_cast<std::uint64_t>((age + kLinger).count()))
        .arg(group.bounds.most)
        .arg(group.bounds.trim_at)
        .arg(group.bounds.bytes)
        .arg(static_cast<std::uint64_t>((age + kRemembered + kMostRenewal).count()))
        .arg(static_cast<std::uint64_t>(group.first->renewal.count()));
  }
}

void encode_messages(wire::RespCommand& command, const Group& group, const Keyspace& keys) {
  const hub::Draft& draft = group.first->request.draft;
  command.arg(keys.bus(draft.channel.view()));
  if (has_key(*group.first)) {
    command.arg("0").arg(static_cast<std::uint64_t>(hub::kIdempotencyWindow.count()));
    command.arg(short_hash((draft.is_json ? "j" : "t") + draft.event + '\n' + draft.data));
  } else {
    command.arg(static_cast<std::size_t>(group.end - group.first));
  }
  for (const Append* at = group.first; at != group.end; ++at)
    command.arg(encode_record_tail(at->request.draft));
}

Result<hub::Appended> exception(const wire::RespValue& value) {
  if (!value.text().empty()) return append_error(ErrorKind::kUnavailable, value.text());
  if (value.integer() == 0) {
    return make_error(ErrorKind::kConflict, "idempotency_conflict",
                      "the idempotency key was used for other data");
  }
  return hub::Appended{static_cast<MessageId>(-value.integer()), true};
}

}  // namespace

const Script& append_script(Mode mode) {
  static const Script plain(kAppendScript);
  static const std::string sharded_text = with_shard_channels();
  static const Script sharded(sharded_text);
  return mode == Mode::kCluster ? sharded : plain;
}

// Counting bytes costs three calls: the log is trimmed somewhat oftener where that avoids it.
Bounds bounds_of(const hub::ChannelOptions& keep, const RedisSettings& settings) {
  const std::uint64_t most = std::max<std::uint64_t>(keep.max_count, 1);
  const std::uint64_t slack = std::max<std::uint64_t>(kLeastSlack, most / 8);
  const std::uint64_t fit = keep.max_bytes / std::max<std::uint64_t>(settings.max_record_bytes, 1);
  if (fit < most + kLeastSlack) return {most, most + slack, keep.max_bytes};
  return {most, std::min(most + slack, fit), 0};
}

void group_appends(std::vector<Append>& appends) {
  if (appends.size() < 2) return;
  std::vector<std::size_t> rank(appends.size()), order(appends.size());
  std::unordered_map<std::string_view, std::size_t> last_of;
  last_of.reserve(appends.size());
  for (std::size_t i = 0; i < appends.size(); ++i) {
    const auto [last, is_first] = last_of.try_emplace(appends[i].request.draft.channel.view(), i);
    const std::size_t before = std::exchange(last->second, i);
    rank[i] = !is_first && share_a_group(appends[before], appends[i]) ? rank[before] : i;
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank[a] < rank[b]; });
  std::vector<Append> grouped;
  grouped.reserve(appends.size());
  for (const std::size_t i : order) grouped.push_back(std::move(appends[i]));
  appends.swap(grouped);
}

void encode_appends(std::string& out, const std::vector<Append>& appends, const Keyspace& keys,
                    const RedisSettings& settings, bool whole_script) {
  const Script& script = append_script(settings.mode);
  const std::vector<Group> groups = groups_of(appends, settings);
  std::size_t key_count = 2, values = 1;
  for (const Group& group : groups) {
    key_count += group.keys();
    values += group.values();
  }
  wire::RespCommand command(out, 3 + key_count + values);
  command.arg(whole_script ? "EVAL" : "EVALSHA").arg(whole_script ? script.text() : script.sha());
  command.arg(key_count).arg(keys.seq()).arg(keys.epoch());
  for (const Group& group : groups) encode_keys(command, group, keys);
  command.arg(appends.size());
  for (const Group& group : groups) {
    encode_options(command, group);
    encode_messages(command, group, keys);
  }
}

void for_each_answer(const Reply& reply, std::size_t count, const TakeAppended& take) {
  const wire::RespValue* const value = reply.value;
  std::size_t at = 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (value == nullptr) {
      take(i, lost_append(reply.written));
    } else if (value->is_error()) {
      take(i, script_error(value->text()));
    } else if (value->size() == 0) {
      take(i, append_error(ErrorKind::kUnknown, "an answer that is none of append.lua"));
    } else if (at + 1 < value->size() && (*value)[at].integer() == static_cast<std::int64_t>(i)) {
      take(i, exception((*value)[at + 1]));
      at += 2;
    } else {
      take(i, hub::Appended{static_cast<MessageId>((*value)[0].integer()) + i, false});
    }
  }
}

Error lost_append(bool written) {
  if (!written)
    return make_error(ErrorKind::kUnavailable, "storage_down", "no link to Redis took it: not stored");
  return make_error(ErrorKind::kUnknown, "storage_unknown", "the link to Redis broke before the answer came");
}

}  // namespace relay::redis
