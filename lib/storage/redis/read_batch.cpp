#include "storage/redis/read_batch.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/record.hpp"

namespace relay::redis {

void PageBuilder::take(const wire::RespValue& members, std::int64_t now_ms) {
  if (first_ && members.size() == 0) judge_distance(now_ms);
  for (std::size_t i = 0; i < members.size() && !page_.more; ++i) take_one(members[i].text(), now_ms);
  first_ = false;
  complete_ = page_.more || members.size() < batch();
}

void PageBuilder::take_one(std::string_view member, std::int64_t now_ms) {
  if (const auto trimmed = parse_marker(member)) {
    page_.gone = std::max(page_.gone, *trimmed);
    cursor_ = std::max(cursor_, *trimmed);
    first_ = false;
    return;
  }
  const auto head = parse_record_head(member);
  if (!head) {
    log::warning("storage.bad_record", "a member of a backlog is not a record; it is skipped",
                 {{"channel", query_.channel.view()}});
    return;
  }
  if (std::exchange(first_, false)) judge_distance(id_time_ms(head->id));
  if (id_time_ms(head->id) + head->ttl_ms <= now_ms) {
    page_.gone = std::max(page_.gone, head->id);
  } else if (page_.messages.size() == query_.limit) {
    page_.more = true;
  } else if (auto message = parse_record(member, query_.channel)) {
    page_.messages.push_back(std::move(message));
  }
  cursor_ = std::max(cursor_, head->id);
}

void PageBuilder::judge_distance(std::int64_t until_ms) {
  const std::int64_t proved_from = until_ms - (query_.max_age + kLinger).count();
  if (query_.after == 0 || id_time_ms(query_.after) >= proved_from) return;
  page_.gone = std::max(page_.gone, first_id_at(proved_from));
}

}  // namespace relay::redis
