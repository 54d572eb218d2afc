#include "load/payload.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <random>

#include "load/crc32c.hpp"

namespace relay::bench {
namespace {

constexpr std::string_view kMarker = "rb";
constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
constexpr std::size_t kBytes = 30;
constexpr std::size_t kCrcAt = 26;
constexpr std::size_t kLengthAt = 23;
constexpr std::uint8_t kNoDigit = 0x80;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNoDigit;
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr auto kValues = make_values();

using Raw = std::array<unsigned char, kBytes>;

template <int size>
void put(unsigned char*& at, std::uint64_t value) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) *at++ = static_cast<unsigned char>(value >> shift);
}

template <int size>
std::uint64_t get(const unsigned char*& at) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | *at++;
  return value;
}

std::string_view as_text(const Raw& raw, std::size_t size) {
  return {reinterpret_cast<const char*>(raw.data()), size};
}

void append_digits(std::string& out, const Raw& raw) {
  const unsigned char* at = raw.data();
  for (std::size_t group = 0; group < kBytes / 5; ++group) {
    const std::uint64_t bits = get<5>(at);
    for (int shift = 35; shift >= 0; shift -= 5) out += kDigits[bits >> shift & 31];
  }
}

// Hot: once per delivery.
bool read_digits(const char* text, Raw& raw) {
  unsigned char* at = raw.data();
  std::uint8_t wrong = 0;
  for (std::size_t group = 0; group < kBytes / 5; ++group) {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) {
      const std::uint8_t value = kValues[static_cast<unsigned char>(*text++)];
      wrong |= value;
      bits = bits << 5 | (value & 31);
    }
    put<5>(at, bits);
  }
  return (wrong & kNoDigit) == 0;
}

}  // namespace

void append_payload(std::string& out, const PayloadHead& head, std::string_view padding) {
  assert(head.publisher < kMaxPublishers && head.channel < kMaxChannels && head.intended_ns >= 0);
  const std::int64_t delay = std::clamp<std::int64_t>((head.sent_ns - head.intended_ns) / 100, 0, UINT32_MAX);
  Raw raw;
  unsigned char* at = raw.data();
  put<4>(at, head.run);
  put<2>(at, head.publisher);
  put<3>(at, head.channel);
  put<4>(at, head.sequence);
  put<6>(at, static_cast<std::uint64_t>(head.intended_ns));
  put<4>(at, static_cast<std::uint64_t>(delay));
  put<3>(at, kMinPayload + padding.size());
  put<4>(at, crc32c(padding, crc32c(as_text(raw, kCrcAt))));
  out += kMarker;
  append_digits(out, raw);
  out += padding;
}

// Hot: once per delivery; 42 ns for 128 bytes (`test_bench_load "[.speed]"`), a read from the socket takes
// 1,000 and more.
PayloadState read_payload(std::string_view text, PayloadHead& head) {
  if (text.size() < kMinPayload || !text.starts_with(kMarker)) return PayloadState::kForeign;
  Raw raw;
  if (!read_digits(text.data() + kMarker.size(), raw)) return PayloadState::kCorrupt;
  const unsigned char* at = raw.data();
  head.run = static_cast<std::uint32_t>(get<4>(at));
  head.publisher = static_cast<std::uint32_t>(get<2>(at));
  head.channel = static_cast<std::uint32_t>(get<3>(at));
  head.sequence = static_cast<std::uint32_t>(get<4>(at));
  head.intended_ns = static_cast<std::int64_t>(get<6>(at));
  head.sent_ns = head.intended_ns + static_cast<std::int64_t>(get<4>(at)) * 100;
  const std::uint64_t length = get<3>(at);
  const std::uint64_t crc = get<4>(at);
  if (length != text.size()) return PayloadState::kCorrupt;
  if (crc != crc32c(text.substr(kMinPayload), crc32c(as_text(raw, kCrcAt)))) return PayloadState::kCorrupt;
  return PayloadState::kGood;
}

std::string_view find_payload(std::string_view text) {
  for (auto at = text.find(kMarker); at != text.npos; at = text.find(kMarker, at + 1)) {
    const std::string_view rest = text.substr(at);
    Raw raw;
    if (rest.size() < kMinPayload) return {};
    if (!read_digits(rest.data() + kMarker.size(), raw)) continue;
    const unsigned char* length = raw.data() + kLengthAt;
    return rest.substr(0, std::max<std::size_t>(kMinPayload, get<3>(length)));
  }
  return {};
}

Padding::Padding(std::uint64_t seed, std::size_t most) {
  std::mt19937_64 random(seed);
  text_.resize(most + kOffsets);
  for (char& c : text_) c = kDigits[random() & 31];
}

}  // namespace relay::bench
