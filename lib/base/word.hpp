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

}  // namespace relay
