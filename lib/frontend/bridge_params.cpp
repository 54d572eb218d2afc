#include "frontend/bridge_params.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_set>

#include "base/text.hpp"

namespace relay::frontend {
namespace {

constexpr std::size_t kClientIdDigits = 64;

Error bad(std::string message) {
  return make_error(ErrorKind::kInvalid, "bad_request", std::move(message));
}

Error missing(std::string_view name) {
  return bad("param \"" + std::string(name) + "\" not present");
}

// strconv.Quote of Go, but that every well-formed character beyond ASCII counts as printable.
std::string go_quote(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  static constexpr std::string_view kNamed = "abtnvfr";  // 7 to 13
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte >= 7 && byte <= 13) {
      out += {'\\', kNamed[byte - 7U]};
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_utf8(text))) {
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + '"';
}

Error bad_int(std::string_view text, std::string_view why) {
  return bad("strconv.ParseInt: parsing " + go_quote(text) + ": " + std::string(why));
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Ids beyond 53 bits exist nowhere; negative ones come before everything.
MessageId as_cursor(std::int64_t number) {
  return number <= 0 ? 0 : std::min(static_cast<MessageId>(number), kMaxId);
}

Result<MessageId> parse_cursor(const BridgeQuery& query, std::string_view header) {
  if (!header.empty()) {
    const auto number = parse_go_int(header, 64);
    if (!number) return bad("Last-Event-ID should be int");
    if (*number != 0) return as_cursor(*number);
  }
  const std::string* text = query.find("last_event_id");
  if (text == nullptr) return MessageId{0};
  const auto number = parse_go_int(*text, 64);
  if (!number) return bad("last_event_id should be int");
  return as_cursor(*number);
}

Result<BridgeHeartbeat> parse_heartbeat(const BridgeQuery& query) {
  const std::string* text = query.find("heartbeat");
  if (text == nullptr || *text == "legacy") return BridgeHeartbeat::kLegacy;
  if (*text == "message") return BridgeHeartbeat::kMessage;
  return bad("invalid heartbeat type. Supported: legacy and message");
}

Result<std::string> parse_address(const BridgeQuery& query, std::string_view name) {
  const std::string* text = query.find(name);
  if (text == nullptr) return missing(name);
  auto id = parse_client_id(*text);
  if (!id) return bad("failed to parse the \"" + std::string(name) + "\" address: " + id.error().message);
  return id;
}

bool is_dashed(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}

}  // namespace

const std::string* BridgeQuery::find(std::string_view key) const {
  for (const QueryPair& pair : pairs_) {
    if (pair.key == key) return &pair.value;
  }
  return nullptr;
}

Result<std::string> parse_client_id(std::string_view text) {
  text = trim(text);
  if (text.size() != kClientIdDigits) return bad("public address must be 64 characters long");
  if (!is_hex(text)) return bad("public address must be a valid hex string");
  return std::string(text);
}

Result<std::int64_t> parse_go_int(std::string_view text, int bits) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (!all_digits(digits)) return bad_int(text, "invalid syntax");
  const std::uint64_t most = bits == 32
                                 ? std::numeric_limits<std::int32_t>::max()
                                 : static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || number > most + (negative ? 1 : 0)) return bad_int(text, "value out of range");
  return static_cast<std::int64_t>(negative ? ~number + 1 : number);
}

std::optional<std::string> parse_trace_id(std::string_view text) {
  if (text.size() == 45 && equals_ignore_case(text.substr(0, 9), "urn:uuid:")) text.remove_prefix(9);
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  std::string digits;
  if (text.size() == 32) {
    digits = text;
  } else if (is_dashed(text)) {
    for (const std::string_view part : split(text, '-')) digits += part;
  }
  if (digits.size() != 32 || !is_hex(digits)) return {};
  digits = to_lower(digits);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) digits.insert(at, 1, '-');
  return digits;
}

// The order of the checks is Go's: a request with several faults gets the same message.
Result<BridgeEventsRequest> parse_bridge_events(const BridgeQuery& query,
                                                std::string_view last_event_id_header,
                                                std::size_t max_client_ids) {
  BridgeEventsRequest request;
  const auto heartbeat = parse_heartbeat(query);
  if (!heartbeat) return heartbeat.error();
  request.heartbeat = *heartbeat;
  const auto after = parse_cursor(query, last_event_id_header);
  if (!after) return after.error();
  request.after = *after;
  const std::string* list = query.find("client_id");
  if (list == nullptr) return missing("client_id");
  std::unordered_set<std::string> seen;
  for (const std::string_view text : split(*list, ',')) {
    auto id = parse_client_id(text);
    if (!id) return bad("param \"client_id\" must be a valid public address, error: " + id.error().message);
    ++request.listed;
    if (seen.insert(*id).second) request.client_ids.push_back(std::move(*id));
    if (request.client_ids.size() > max_client_ids) {
      return bad("param \"client_id\" has too many addresses: " + std::to_string(max_client_ids) + " max");
    }
  }
  return request;
}

Result<BridgeMessageRequest> parse_bridge_message(const BridgeQuery& query, Milliseconds max_ttl) {
  BridgeMessageRequest request;
  auto from = parse_address(query, "client_id");
  if (!from) return from.error();
  request.from = std::move(*from);
  auto to = parse_address(query, "to");
  if (!to) return to.error();
  request.to = std::move(*to);
  const std::string* ttl = query.find("ttl");
  if (ttl == nullptr) return missing("ttl");
  const auto seconds = parse_go_int(*ttl, 32);
  if (!seconds) return seconds.error();
  if (std::chrono::seconds(*seconds) > max_ttl) return bad("param \"ttl\" too high");
  request.ttl = std::chrono::seconds(std::max<std::int64_t>(*seconds, 0));
  if (const std::string* trace_id = query.find("trace_id")) request.trace_id = parse_trace_id(*trace_id);
  if (const std::string* topic = query.find("topic")) request.topic = *topic;
  return request;
}

std::string bridge_message_json(std::string_view from, std::string_view body, std::string_view trace_id) {
  std::string json;
  json.reserve(from.size() + body.size() + trace_id.size() + 80);
  json += "{\"from\":";
  append_go_json_string(json, from);
  json += ",\"message\":";
  append_go_json_string(json, body);
  json += ",\"trace_id\":";
  append_go_json_string(json, trace_id);
  json += ",\"connect_source\":{\"ip\":\"\"}}";
  return json;
}

}  // namespace relay::frontend
