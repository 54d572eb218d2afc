// Eight bytes at once: for tests of many bytes with a few instructions. Pure; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace relay {

inline constexpr std::size_t kWordBytes = 8;

// The first byte is the lowest on every machine. REQUIRES: eight bytes.
inline std::uint64_t load_word(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, kWordBytes);
  return std::endian::native == std::endian::big ? __builtin_bswap64(word) : word;
}

// Tests of all eight bytes: the high bit of each byte for which it holds. A borrow may set it wrongly behind
// the first right one, never before it.
inline constexpr std::uint64_t kEachByte = 0x0101010101010101;
inline constexpr std::uint64_t mark_below(std::uint64_t word, std::uint8_t limit) {  // limit at most 0x80
  return (word - kEachByte * limit) & ~word & kEachByte * 0x80;
}
inline constexpr std::uint64_t mark_equal(std::uint64_t word, std::uint8_t byte) {
  return mark_below(word ^ kEachByte * byte, 1);
}
// Controls of ASCII: a tab is one as well.
inline constexpr std::uint64_t mark_controls(std::uint64_t word) {
  return mark_below(word, 0x20) | mark_equal(word, 0x7f);
}
// How many bytes stand before the first that is marked; 8: none is.
inline constexpr std::size_t bytes_before(std::uint64_t marks) {
  return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}

}  // namespace relay
