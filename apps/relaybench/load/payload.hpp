// What relaybench publishes: text that says who sent it, when it should have been sent, and whether it
// arrived whole.
//
//     "rb" | 48 characters: 30 bytes, five bits each (0-9, a-v) | padding of the same characters
//
//     30 bytes, big-endian:  run 4 | publisher 2 | channel 3 | sequence 4 | intended 6 | delay 4 | length 3 |
//     crc 4
//
// intended: nanoseconds since the run's epoch (78 hours). delay: from there to the actual sending, in 100 ns.
// length: of the whole payload. crc: CRC-32C of the 26 bytes before it and of the padding. Letters and digits
// only, so that no server has to escape or re-encode it. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::bench {

inline constexpr std::uint32_t kMinPayload = 50;
inline constexpr std::uint32_t kMaxPayload = (1U << 24) - 1;
inline constexpr std::uint32_t kMaxChannels = 1U << 24;
inline constexpr std::uint32_t kMaxPublishers = 1U << 16;

struct PayloadHead {
  std::uint32_t run = 0;
  std::uint32_t publisher = 0;
  std::uint32_t channel = 0;
  std::uint32_t sequence = 0;
  std::int64_t intended_ns = 0;
  std::int64_t sent_ns = 0;  // to 100 ns
};

// Appends a payload of kMinPayload + padding.size() bytes. REQUIRES: the head's values fit the layout; the
// padding is letters and digits.
void append_payload(std::string& out, const PayloadHead& head, std::string_view padding);

enum class PayloadState : std::uint8_t { kGood, kForeign, kCorrupt };
// kForeign: nothing that relaybench wrote. kCorrupt: it was, and is not whole.
PayloadState read_payload(std::string_view text, PayloadHead& head);

// The first payload inside other text, for drivers that know nothing of the envelope; empty if there is none.
std::string_view find_payload(std::string_view text);

// Endless padding from a seed: the same for the same seed.
class Padding {
 public:
  // Up to `most` bytes at a time.
  Padding(std::uint64_t seed, std::size_t most);
  // REQUIRES: size <= most.
  std::string_view take(std::size_t size, std::uint64_t number) const {
    return std::string_view(text_).substr(number % kOffsets, size);
  }

 private:
  static constexpr std::size_t kOffsets = 4093;
  std::string text_;
};

}  // namespace relay::bench
