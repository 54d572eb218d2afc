#include "frontend/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace relay::frontend {
namespace {

Error invalid(std::string code, std::string message) {
  return make_error(ErrorKind::kInvalid, std::move(code), std::move(message));
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

}  // namespace

Result<QueryParameters> QueryParameters::parse(std::string_view query) {
  auto pairs = parse_query(query, true);
  if (!pairs) return invalid("bad_escape", "the query has a broken percent-escape");
  QueryParameters parameters;
  parameters.pairs_ = std::move(*pairs);
  return parameters;
}

std::optional<std::string_view> QueryParameters::first(std::string_view key) const {
  const auto found =
      std::find_if(pairs_.begin(), pairs_.end(), [&](const QueryPair& pair) { return pair.key == key; });
  if (found == pairs_.end()) return {};
  return found->value;
}

std::vector<std::string_view> QueryParameters::all(std::string_view key) const {
  std::vector<std::string_view> values;
  for (const QueryPair& pair : pairs_) {
    if (pair.key == key) values.push_back(pair.value);
  }
  return values;
}

Result<hub::Cursor> parse_cursor(std::string_view text) {
  auto cursor = hub::Cursor::parse(text);
  if (!cursor)
    return invalid("bad_cursor",
                   "the cursor is not one of ours: expected a decimal id, or what a stream gave");
  return std::move(*cursor);
}

Result<std::optional<hub::Cursor>> sse_cursor(const wire::HttpRequest& request,
                                              const QueryParameters& query) {
  std::string_view text = trim(request.header("Last-Event-ID").value_or(""));
  for (const std::string_view name : {"last_event_id", "lastEventId", "lastEventID"}) {
    if (text.empty()) text = query.first(name).value_or("");
  }
  if (text.empty()) return std::optional<hub::Cursor>{};
  auto cursor = parse_cursor(text);
  if (!cursor) return cursor.error();
  return std::optional<hub::Cursor>(std::move(*cursor));
}

Result<std::vector<hub::ChannelName>> parse_channels(const QueryParameters& query, std::size_t max) {
  std::vector<hub::ChannelName> channels;
  std::unordered_set<std::string_view> seen;
  for (const std::string_view name : query.all("channel")) {
    if (const auto good = hub::check_heard_name(name); !good) return good.error();
    if (seen.insert(name).second) channels.push_back(hub::ChannelName::copy_of(name));
  }
  if (channels.empty()) return invalid("no_channel", "name at least one channel: ?channel=NAME");
  if (channels.size() > max) {
    return invalid("too_many_channels", "at most " + std::to_string(max) + " channels on one stream");
  }
  return channels;
}

Result<Milliseconds> parse_duration(std::string_view text, std::string_view what) {
  const auto digits = text.find_first_not_of("0123456789");
  const auto number = whole_number(text.substr(0, digits));
  const std::string_view unit = digits == std::string_view::npos ? "s" : text.substr(digits);
  const std::int64_t factor = unit == "ms"  ? 1
                              : unit == "s" ? 1000
                              : unit == "m" ? 60'000
                              : unit == "h" ? 3'600'000
                                            : 0;
  if (!number || factor == 0 || *number > 1'000'000'000) {
    return invalid("bad_" + std::string(what), std::string(what) + " must be a duration like 30s, 500ms, 5m");
  }
  return Milliseconds(*number * factor);
}

Result<std::int64_t> parse_count(std::string_view text, std::string_view what, std::int64_t min,
                                 std::int64_t max) {
  const auto number = whole_number(text);
  if (!number || *number < min || *number > max) {
    return invalid("bad_" + std::string(what), std::string(what) + " must be a number from " +
                                                   std::to_string(min) + " to " + std::to_string(max));
  }
  return *number;
}

}  // namespace relay::frontend
