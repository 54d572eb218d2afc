// The interval log, read back by a decoder of the test's own that knows the format from its specification.
#include "report/interval_log.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "support/catch.hpp"

using namespace relay::bench;

namespace {

std::uint64_t take(std::string_view& bytes, int size) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes.at(static_cast<std::size_t>(i)));
  bytes.remove_prefix(static_cast<std::size_t>(size));
  return value;
}

std::string inflated(std::string_view stream) {
  REQUIRE(take(stream, 2) % 31 == 0);  // RFC 1950: the check of the header
  std::string out;
  for (bool last = false; !last;) {
    last = take(stream, 1) == 1;
    const auto low = take(stream, 1);
    const auto size = take(stream, 1) << 8 | low;
    const auto not_low = take(stream, 1);
    REQUIRE((take(stream, 1) << 8 | not_low) == (~size & 0xFFFF));
    out += stream.substr(0, size);
    stream.remove_prefix(size);
  }
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char c : out) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  CHECK(take(stream, 4) == (b << 16 | a));
  CHECK(stream.empty());
  return out;
}

std::string bytes_of(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  const auto bytes = relay::base64url_decode(text);
  REQUIRE(bytes.has_value());
  return *bytes;
}

std::int64_t take_zigzag(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = take(bytes, 1);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::vector<Histogram::Bucket> decoded(const std::string& text) {
  const std::string bytes = bytes_of(text);
  std::string_view outer = bytes;
  CHECK(take(outer, 4) == 0x1C849314);
  const auto outer_size = take(outer, 4);
  REQUIRE(outer_size == outer.size());
  const std::string plain = inflated(outer);
  std::string_view in = plain;
  CHECK(take(in, 4) == 0x1C849313);
  const auto size = take(in, 4);
  CHECK(take(in, 4) == 0);
  CHECK(take(in, 4) == 3);
  CHECK(take(in, 8) == 1000);
  CHECK(take(in, 8) == 60'000'000'000);
  CHECK(take(in, 8) == 0x3FF0000000000000);
  REQUIRE(in.size() == size);
  std::vector<Histogram::Bucket> buckets;
  for (std::uint32_t index = 0; !in.empty();) {
    const std::int64_t count = take_zigzag(in);
    if (count > 0) buckets.push_back({index, static_cast<std::uint64_t>(count)});
    index += count < 0 ? static_cast<std::uint32_t>(-count) : 1;
  }
  return buckets;
}

}  // namespace

TEST_CASE("A histogram is the same behind its encoding") {
  Histogram histogram;
  CHECK(decoded(encoded(histogram)).empty());
  for (const std::int64_t ns : {0LL, 1'000LL, 2'000LL, 5'000'000LL, 59'000'000'000LL, 90'000'000'000LL})
    histogram.record(ns, static_cast<std::uint64_t>(ns % 1'000'003 + 1));
  CHECK(decoded(encoded(histogram)) == histogram.buckets());
}

TEST_CASE("One that fills many blocks is the same too") {
  Histogram histogram;
  for (std::uint32_t index = 0; index < Histogram::kBuckets; ++index)
    histogram.record(Histogram::lower_edge(index), 1'000'000'007);
  CHECK(encoded(histogram).size() > 65536);
  CHECK(decoded(encoded(histogram)) == histogram.buckets());
}

TEST_CASE("A known histogram has known bytes") {
  Histogram histogram;
  histogram.record(512);
  // Counts: a zero, a one.
  const std::string bytes = bytes_of(encoded(histogram));
  CHECK(bytes.size() == 8 + 2 + 5 + 42 + 4);
  CHECK(bytes.substr(bytes.size() - 6, 2) == std::string("\0\2", 2));
}

TEST_CASE("The log has a line for each interval and latency that has something") {
  RunResult result;
  result.tool_version = "0.1.0";
  result.run.id = "c0ffee00";
  result.run.start_ms = 1'700'000'000'000;
  result.run.warmup_ns = 5'000'000'000;
  IntervalLatencies first{0, 1'000'000'000, {}, {}};
  first.end_to_end.record(2'500'000);
  IntervalLatencies second{1'000'000'000, 1'000'000'000, {}, {}};
  second.end_to_end.record(1'000'000);
  second.connect.record(4'000'000);
  result.intervals = {first, second};
  const std::string log = interval_log(result);
  CHECK(log.find("#[Histogram log format version 1.3]\n") != std::string::npos);
  CHECK(log.find("#[StartTime: 1700000005.000 (seconds since epoch), ") != std::string::npos);
  CHECK(log.find("\nTag=e2e,0.000,1.000,2.500,HISTFAAA") != std::string::npos);
  CHECK(log.find("\nTag=e2e,1.000,1.000,1.000,HISTFAAA") != std::string::npos);
  CHECK(log.find("\nTag=connect,1.000,1.000,4.000,HISTFAAA") != std::string::npos);
  CHECK(std::count(log.begin(), log.end(), '\n') == 7);
}
