// Message ids, cursors' smallest part, and random names.
//
// An id is a 53-bit integer (safe in JavaScript), 42 bits of Unix milliseconds above an 11-bit counter:
//     id = max(now_ms << 11, last + 1)
// so it is strictly increasing inside a partition whatever the clock does, carries its publish time, and
// compares with the ids of the Go TON Connect bridge (same layout). Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay {

using MessageId = std::uint64_t;

inline constexpr int kIdTimeShift = 11;
inline constexpr MessageId kMaxId = (MessageId{1} << 53) - 1;

constexpr MessageId first_id_at(std::int64_t wall_ms) {
  return wall_ms < 0 ? 0 : static_cast<MessageId>(wall_ms) << kIdTimeShift;
}
constexpr MessageId next_id(std::int64_t wall_ms, MessageId last) {
  const MessageId by_time = first_id_at(wall_ms);
  return by_time > last ? by_time : last + 1;
}
// Publish time in Unix milliseconds. Ahead of the clock only while a partition takes over 2,048 messages a
// ms.
constexpr std::int64_t id_time_ms(MessageId id) {
  return static_cast<std::int64_t>(id >> kIdTimeShift);
}

// Decimal digits only, no sign, no spaces, at most kMaxId; nothing otherwise.
std::optional<MessageId> parse_id(std::string_view text);

// `bytes` random bytes as lower-case hex, from the kernel (getrandom).
std::string random_hex(std::size_t bytes);

// A version 7 UUID (RFC 9562 §5.7) for the given time, lower case with dashes.
std::string uuid_v7(std::int64_t wall_ms);

}  // namespace relay
