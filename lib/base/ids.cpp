#include "base/ids.hpp"

#include <sys/random.h>

#include <array>
#include <charconv>
#include <cstddef>

#include "base/bytes.hpp"

namespace relay {
namespace {

void fill_random(unsigned char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = getrandom(out, size, 0);
    if (got <= 0) continue;  // EINTR only: the pool of a running system never blocks or fails otherwise
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::optional<MessageId> parse_id(std::string_view text) {
  MessageId id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || id > kMaxId) return {};
  return id;
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill_random(reinterpret_cast<unsigned char*>(raw.data()), raw.size());
  return to_hex(raw);
}

std::string uuid_v7(std::int64_t wall_ms) {
  std::string raw(16, '\0');
  fill_random(reinterpret_cast<unsigned char*>(raw.data()), raw.size());
  for (int i = 0; i < 6; ++i) {
    raw[static_cast<std::size_t>(i)] = static_cast<char>((wall_ms >> (40 - 8 * i)) & 0xff);
  }
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x70);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  std::string text = to_hex(raw);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace relay
