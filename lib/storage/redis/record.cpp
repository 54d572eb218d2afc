#include "storage/redis/record.hpp"

#include <array>
#include <charconv>

#include "base/decimal.hpp"

namespace relay::redis {
namespace {

constexpr std::uint64_t kJson = 1;

struct Head {
  std::array<std::uint64_t, 7> numbers{};  // id ttl flags event from exclude trace
  std::string_view body;
};

// Hot: once per announcement.
bool parse_head(std::string_view record, Head& head) {
  const char* at = record.data();
  const char* const end = at + record.size();
  for (std::size_t i = 0; i < head.numbers.size(); ++i) {
    const auto [next, error] = std::from_chars(at, end, head.numbers[i]);
    const char separator = i + 1 < head.numbers.size() ? ' ' : '\n';
    if (error != std::errc{} || next == end || *next != separator) return false;
    at = next + 1;
  }
  head.body = std::string_view(at, static_cast<std::size_t>(end - at));
  return head.numbers[0] <= kMaxId && head.numbers[1] <= UINT32_MAX;
}

// Takes `bytes` off the front of `body`; false if there are fewer.
bool take(std::string_view& body, std::uint64_t bytes, std::string_view& piece) {
  if (bytes > body.size()) return false;
  piece = body.substr(0, bytes);
  body.remove_prefix(bytes);
  return true;
}

std::string encode_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out.append(std::to_string(item.size())).append(":").append(item);
  return out;
}

bool parse_list(std::string_view text, std::vector<std::string>& items) {
  while (!text.empty()) {
    std::uint64_t bytes = 0;
    const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    const auto digits = static_cast<std::size_t>(next - text.data());
    if (error != std::errc{} || digits == text.size() || *next != ':') return false;
    text.remove_prefix(digits + 1);
    std::string_view item;
    if (!take(text, bytes, item)) return false;
    items.emplace_back(item);
  }
  return true;
}

}  // namespace

std::string encode_record_tail(const hub::Draft& draft) {
  const std::string exclude = encode_list(draft.exclude);
  const std::uint64_t numbers[] = {draft.ttl_ms,       draft.is_json ? kJson : 0,
                                   draft.event.size(), draft.from.size(),
                                   exclude.size(),     draft.trace.size()};
  std::string out;
  out.reserve(128 + draft.event.size() + draft.from.size() + exclude.size() + draft.trace.size() +
              draft.data.size());
  for (const std::uint64_t number : numbers) {
    out.push_back(' ');
    out.append(Decimal(number).view());
  }
  out.push_back('\n');
  return out.append(draft.event).append(draft.from).append(exclude).append(draft.trace).append(draft.data);
}

std::optional<RecordHead> parse_record_head(std::string_view record) {
  Head head;
  if (!parse_head(record, head)) return std::nullopt;
  return RecordHead{head.numbers[0], static_cast<std::uint32_t>(head.numbers[1])};
}

hub::MessagePtr parse_record(std::string_view record, const hub::ChannelName& channel) {
  Head head;
  std::string_view event, from, exclude, trace;
  hub::Draft draft;
  if (!parse_head(record, head) || !take(head.body, head.numbers[3], event) ||
      !take(head.body, head.numbers[4], from) || !take(head.body, head.numbers[5], exclude) ||
      !take(head.body, head.numbers[6], trace) || !parse_list(exclude, draft.exclude)) {
    return nullptr;
  }
  draft.channel = channel;
  draft.event = event;
  draft.data = head.body;
  draft.is_json = (head.numbers[2] & kJson) != 0;
  draft.ttl_ms = static_cast<std::uint32_t>(head.numbers[1]);
  draft.from = from;
  draft.trace = trace;
  return hub::MessagePtr(hub::Message::make(head.numbers[0], std::move(draft)));
}

std::string encode_tombstone(MessageId id) {
  return std::to_string(id) + " 0 0 0 0 0 0\n";
}

std::optional<MessageId> parse_marker(std::string_view member) {
  return is_marker(member) ? parse_id(member.substr(1)) : std::nullopt;
}

}  // namespace relay::redis
