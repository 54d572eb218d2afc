#include "storage/redis/read_batch.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/record.hpp"

namespace relay::redis {

void PageBuilder::take(const wire::RespValue& members, std::int64_t now_ms) {
  if (members.is_error()) return fail(members);
  const bool nothing = std::exchange(first_, false) && members.size() == 0;
  for (std::size_t i = 0; i < members.size() && !page_.more; ++i) take_one(members[i].text(), now_ms);
  if (members.size() == 0) page_.gone = std::max(page_.gone, last_);
  wants_last_ = nothing && query_.after != 0;
  complete_ = !wants_last_ && (page_.more || members.size() < batch());
}

// A last id behind the cursor although the range was empty: either it expired, or it was stored between the
// two commands. The range is read once more, and tells.
void PageBuilder::take_last(const wire::RespValue& last, std::int64_t now_ms) {
  wants_last_ = false;
  if (last.is_error()) return fail(last);
  const auto id = last.is_nil() ? std::nullopt : parse_id(last.text());
  if (id && *id > query_.after) {
    last_ = *id;
    return;
  }
  if (!id) page_.gone = first_id_at(now_ms - (query_.max_age + kRemembered).count());
  complete_ = true;
}

void PageBuilder::fail(const wire::RespValue& error) {
  log::warning("storage.bad_key",
               "a key of a backlog is not what it should be; its streams are told of a gap",
               {{"channel", query_.channel.view()}, {"reason", error.text()}});
  unreadable_ = complete_ = true;
}

hub::Page PageBuilder::finish(MessageId last) {
  if (unreadable_) page_ = {{}, false, last};
  return std::move(page_);
}

void PageBuilder::take_one(std::string_view member, std::int64_t now_ms) {
  if (const auto trimmed = parse_marker(member)) {
    page_.gone = std::max(page_.gone, *trimmed);
    cursor_ = std::max(cursor_, *trimmed);
    return;
  }
  const auto head = parse_record_head(member);
  if (!head) {
    log::warning("storage.bad_record", "a member of a backlog is not a record; it is skipped",
                 {{"channel", query_.channel.view()}});
    return;
  }
  if (id_time_ms(head->id) + head->ttl_ms <= now_ms) {
    page_.gone = std::max(page_.gone, head->id);
  } else if (page_.messages.size() == query_.limit) {
    page_.more = true;
  } else if (auto message = parse_record(member, query_.channel)) {
    page_.messages.push_back(std::move(message));
  }
  cursor_ = std::max(cursor_, head->id);
}

}  // namespace relay::redis
