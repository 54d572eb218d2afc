#include "storage/redis/slots.hpp"

#include <array>
#include <cassert>

#include "hub/channel.hpp"

namespace relay::redis {
namespace {

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

std::uint32_t crc16(std::string_view bytes) {
  std::uint32_t crc = 0;
  for (const char c : bytes) {
    crc = ((crc << 8) ^ kCrcTable[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff]) & 0xffff;
  }
  return crc;
}

// The part between the first '{' and the first '}' behind it, if there is anything.
std::string_view hash_tag(std::string_view key) {
  const auto open = key.find('{');
  if (open == key.npos) return key;
  const auto close = key.find('}', open + 1);
  return close == key.npos || close == open + 1 ? key : key.substr(open + 1, close - open - 1);
}

std::string tag_in(std::uint32_t partition, std::uint32_t first, std::uint32_t end) {
  for (std::uint32_t k = 0;; ++k) {
    std::string tag = std::to_string(partition) + '.' + std::to_string(k);
    const std::uint32_t slot = crc16(tag) % kSlots;
    if (slot >= first && slot < end) return tag;
  }
}

}  // namespace

std::uint32_t slot_of(std::string_view key) {
  return crc16(hash_tag(key)) % kSlots;
}

std::vector<std::string> partition_tags(std::uint32_t partitions) {
  assert(partitions >= 1 && partitions <= kMaxPartitions);
  std::vector<std::string> tags{tag_in(0, 0, kSlots / kMaxPartitions)};
  for (std::uint32_t i = 1; i < partitions; ++i) {
    tags.push_back(tag_in(i, kSlots * i / partitions, kSlots * (i + 1) / partitions));
  }
  return tags;
}

std::uint32_t partition_of(std::string_view channel, std::uint32_t partitions) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : hub::subject_of(channel)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32)) % partitions;
}

}  // namespace relay::redis
