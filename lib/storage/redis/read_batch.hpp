// Turns the members of a channel's log into the page of one query, in as many rounds as expired messages
// demand. No I/O; loop thread only.
//
// What can be proved about a cursor `after` and the first element behind it (or now, if there is none):
//   - a marker behind the cursor: its id was trimmed;
//   - an expired message behind the cursor: it is gone for readers;
//   - nothing behind the cursor, but the channel's last id (keyspace.hpp) is: the log came and went since;
//   - not even that: nothing was kept for max_age + kRemembered, and before that nobody knows.
// A log that begins anew begins with a marker, so a gap between two lives of a log needs no proof of its own.
#pragma once

#include "hub/storage.hpp"
#include "wire/resp.hpp"

namespace relay::redis {

class PageBuilder {
 public:
  explicit PageBuilder(hub::ReadQuery query) : query_(std::move(query)), cursor_(query_.after) {}

  const hub::ReadQuery& query() const { return query_; }
  MessageId cursor() const { return cursor_; }  // the next round reads ids above it
  std::uint32_t batch() const {
    return query_.limit + 2;
  }  // elements a round: the marker, and one to see `more`
  bool complete() const { return complete_; }
  // The range was empty: the channel's last id decides.
  bool wants_last() const { return wants_last_; }

  // The elements of a round, lowest first. `now_ms` is Redis's time. An error says that the key is of another
  // type: nothing can be read of the channel, and everything may be missing.
  void take(const wire::RespValue& members, std::int64_t now_ms);
  void take_last(const wire::RespValue& last, std::int64_t now_ms);
  // `last`: the newest id of the store.
  hub::Page finish(MessageId last);

 private:
  void fail(const wire::RespValue& error);
  void take_one(std::string_view member, std::int64_t now_ms);

  hub::ReadQuery query_;
  MessageId cursor_;
  hub::Page page_;
  MessageId last_ = 0;  // the channel's last id, when it is behind the cursor
  bool first_ = true;
  bool wants_last_ = false;
  bool complete_ = false;
  bool unreadable_ = false;
};

}  // namespace relay::redis
