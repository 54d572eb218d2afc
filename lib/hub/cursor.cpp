#include "hub/cursor.hpp"

#include <algorithm>
#include <cassert>

#include "base/bytes.hpp"

namespace relay::hub {
namespace {

constexpr char kMark = 'c';
constexpr char kVersion = 1;
constexpr std::size_t kChecksumBytes = 2;

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Takes one from the front; nothing if it is cut off, longer than 64 bits or not in its shortest form.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && shift > 0) return {};
    return value;
  }
  return {};
}

std::string checksum(std::string_view bytes) {
  std::uint32_t hash = 2166136261U;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  hash ^= hash >> 16;
  return {static_cast<char>(hash >> 8), static_cast<char>(hash)};
}

}  // namespace

Cursor::Cursor(std::vector<Place> places) : plain_(kMaxId), places_(std::move(places)) {
  assert(!places_.empty());
  for (const Place& place : places_) plain_ = std::min(plain_, place.id);
}

std::optional<Cursor> Cursor::parse(std::string_view text) {
  if (text.starts_with(kMark)) return parse_places(text.substr(1));
  const auto id = parse_id(text);
  if (!id) return {};
  return Cursor(*id);
}

std::optional<Cursor> Cursor::parse_places(std::string_view encoded) {
  const auto decoded = base64url_decode(encoded);
  if (!decoded || decoded->size() <= kChecksumBytes || decoded->front() != kVersion) return {};
  std::string_view rest(*decoded);
  const std::string_view sum = rest.substr(rest.size() - kChecksumBytes);
  rest.remove_suffix(kChecksumBytes);
  if (checksum(rest) != sum) return {};
  rest.remove_prefix(1);
  const auto base = take_varint(rest);
  if (!base || *base > kMaxId || rest.empty()) return {};
  std::vector<Place> places;
  std::uint64_t next = 0;
  while (!rest.empty()) {
    const auto skipped = take_varint(rest);
    const auto behind = take_varint(rest);
    if (!skipped || !behind || *skipped >= kMaxPartitions || *behind >> 1 > *base) return {};
    next += *skipped;
    if (next >= kMaxPartitions) return {};
    places.push_back({static_cast<std::uint32_t>(next++), *base - (*behind >> 1), (*behind & 1) != 0});
  }
  return Cursor(std::move(places));
}

std::string Cursor::text() const {
  if (places_.empty()) return std::to_string(plain_);
  MessageId base = 0;
  for (const Place& place : places_) base = std::max(base, place.id);
  std::string bytes(1, kVersion);
  append_varint(bytes, base);
  std::uint32_t next = 0;
  for (const Place& place : places_) {
    append_varint(bytes, place.partition - next);
    append_varint(bytes, (base - place.id) << 1 | (place.is_time ? 1 : 0));
    next = place.partition + 1;
  }
  bytes += checksum(bytes);
  return kMark + base64url_encode(bytes);
}

const Cursor::Place* Cursor::find(std::uint32_t partition) const {
  const auto at =
      std::lower_bound(places_.begin(), places_.end(), partition,
                       [](const Place& place, std::uint32_t wanted) { return place.partition < wanted; });
  return at != places_.end() && at->partition == partition ? &*at : nullptr;
}

MessageId Cursor::in(std::uint32_t partition) const {
  const Place* place = find(partition);
  return place != nullptr ? place->id : plain_;
}

bool Cursor::is_exact(std::uint32_t partition) const {
  const Place* place = find(partition);
  return is_plain() || (place != nullptr && !place->is_time);
}

}  // namespace relay::hub
