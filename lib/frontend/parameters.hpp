// Reading requests of the channels front-end: channel lists, cursors, numbers, durations. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "hub/channel.hpp"
#include "hub/cursor.hpp"
#include "wire/http1.hpp"

namespace relay::frontend {

class QueryParameters {
 public:
  // kInvalid "bad_escape" for a broken percent-escape.
  static Result<QueryParameters> parse(std::string_view query);
  std::optional<std::string_view> first(std::string_view key) const;
  std::vector<std::string_view> all(std::string_view key) const;

 private:
  std::vector<QueryPair> pairs_;
};

// A cursor as text. kInvalid "bad_cursor" if it is not one.
Result<hub::Cursor> parse_cursor(std::string_view text);
// The cursor of an SSE request: Last-Event-ID, or last_event_id, lastEventId, lastEventID in the query; the
// header wins. Empty text is no cursor: that is what a browser's first request carries.
Result<std::optional<hub::Cursor>> sse_cursor(const wire::HttpRequest& request, const QueryParameters& query);

// All `channel` parameters, checked, without repetitions. kInvalid if there is none or over `max`.
Result<std::vector<hub::ChannelName>> parse_channels(const QueryParameters& query, std::size_t max);

// "30s", "250ms", "5m", "2h" or plain seconds. kInvalid, named after `what`.
Result<Milliseconds> parse_duration(std::string_view text, std::string_view what);
Result<std::int64_t> parse_count(std::string_view text, std::string_view what, std::int64_t min,
                                 std::int64_t max);

}  // namespace relay::frontend
