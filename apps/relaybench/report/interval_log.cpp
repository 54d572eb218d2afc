#include "report/interval_log.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace relay::bench {
namespace {

constexpr std::uint64_t kV2 = 0x1C849313;
constexpr std::uint64_t kCompressedV2 = 0x1C849314;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

// Zig-zag LEB128; REQUIRES: the number fits into eight of its bytes (2^55).
void put_count(std::string& out, std::int64_t number) {
  auto value = (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void put_zeros(std::string& out, std::uint32_t count) {
  if (count > 0) put_count(out, count == 1 ? 0 : -std::int64_t{count});
}

std::string counts_of(const Histogram& histogram) {
  std::string out;
  std::uint32_t next = 0;
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    put_zeros(out, bucket.index - next);
    put_count(out, static_cast<std::int64_t>(bucket.count));
    next = bucket.index + 1;
  }
  return out;
}

std::string v2(const Histogram& histogram) {
  const std::string counts = counts_of(histogram);
  std::string out;
  put(out, kV2, 4);
  put(out, counts.size(), 4);
  put(out, 0, 4);
  put(out, Histogram::kDigits, 4);
  put(out, static_cast<std::uint64_t>(Histogram::kLowestNs), 8);
  put(out, static_cast<std::uint64_t>(Histogram::kHighestNs), 8);
  put(out, std::bit_cast<std::uint64_t>(1.0), 8);
  return out + counts;
}

std::uint32_t adler32(std::string_view bytes) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<unsigned char>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

// RFC 1950 around stored blocks of RFC 1951.
std::string zlib_stored(std::string_view bytes) {
  constexpr std::size_t kBlock = 65535;
  std::string out = "\x78\x01";
  const std::uint32_t sum = adler32(bytes);
  for (bool last = false; !last;) {
    const std::string_view block = bytes.substr(0, kBlock);
    bytes.remove_prefix(block.size());
    last = bytes.empty();
    out.push_back(last ? '\1' : '\0');
    const auto size = static_cast<std::uint16_t>(block.size());
    for (const std::uint16_t part : {size, static_cast<std::uint16_t>(~size)}) {
      out.push_back(static_cast<char>(part & 0xFF));
      out.push_back(static_cast<char>(part >> 8));
    }
    out += block;
  }
  put(out, sum, 4);
  return out;
}

void add_line(std::string& out, const char* tag, const IntervalLatencies& interval,
              const Histogram& histogram) {
  if (histogram.empty()) return;
  char head[128];
  std::snprintf(head, sizeof head, "Tag=%s,%.3f,%.3f,%.3f,", tag, static_cast<double>(interval.at_ns) / 1e9,
                static_cast<double>(interval.length_ns) / 1e9, static_cast<double>(histogram.max()) / 1e6);
  out += head + encoded(histogram) + "\n";
}

}  // namespace

std::string encoded(const Histogram& histogram) {
  const std::string stream = zlib_stored(v2(histogram));
  std::string out;
  put(out, kCompressedV2, 4);
  put(out, stream.size(), 4);
  return base64_encode(out + stream);
}

std::string interval_log(const RunResult& result) {
  const std::int64_t began_ms = result.run.start_ms + result.run.warmup_ns / 1'000'000;
  char start[64];
  std::snprintf(start, sizeof start, "%.3f", static_cast<double>(began_ms) / 1e3);
  std::string out =
      "#[Latencies of relaybench " + result.tool_version + ", run " + result.run.id +
      "; interval maxima are in ms]\n#[Histogram log format version 1.3]\n#[StartTime: " + start +
      " (seconds since epoch), " + rfc3339(began_ms) +
      "]\n\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
  for (const IntervalLatencies& interval : result.intervals) {
    add_line(out, "e2e", interval, interval.end_to_end);
    add_line(out, "connect", interval, interval.connect);
  }
  return out;
}

}  // namespace relay::bench
