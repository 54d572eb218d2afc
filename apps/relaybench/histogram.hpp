// A histogram of latencies: 1 us to 60 s at three significant digits, in nanoseconds.
//
// The buckets are those of HdrHistogram (hdrhistogram.org) with lowest discernible value 1000 ns and 3
// digits, so what is written here is read by its tools. In units of 512 ns (the power of two below 1000) the
// first 2,048 values have a bucket each; from there every power of two is cut into 1,024:
//     index      0 … 2047   value = index << 9
//     index 1024 (k+1) … 1024 (k+2) - 1, k >= 1   value = (1024 + index mod 1024) << (9 + k)
// A bucket is 1/1024 of its value wide, or 0.5 us below 1 ms. Longer than 60 s counts in the last bucket and
// is seen in max() and above_range(). All buckets are 18,173, 142 KB; they are allocated only as far as used.
//
// A value; one thread at a time. A generator records into one histogram a second and merges it into the
// total.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace relay::bench {

class Histogram {
 public:
  static constexpr std::int64_t kLowestNs = 1000;
  static constexpr std::int64_t kHighestNs = 60'000'000'000;
  static constexpr int kDigits = 3;
  static constexpr int kUnitShift = 9;   // 512 ns
  static constexpr int kHalfShift = 10;  // 1,024 buckets to a power of two
  static constexpr std::uint32_t kHalf = 1U << kHalfShift;

  struct Bucket {
    std::uint32_t index = 0;
    std::uint64_t count = 0;
    bool operator==(const Bucket&) const = default;
  };

  // Hot: once per delivery. Below zero counts as zero.
  void record(std::int64_t ns, std::uint64_t times = 1) {
    if (ns < 0) ns = 0;
    const std::uint32_t index = index_of(ns < kHighestNs ? ns : kHighestNs);
    if (index >= counts_.size()) [[unlikely]]
      grow(index);
    counts_[index] += times;
    total_ += times;
    if (ns < min_) min_ = ns;
    if (ns > max_) max_ = ns;
    if (ns > kHighestNs) [[unlikely]]
      above_ += times;
  }
  void merge(const Histogram& other);
  void clear();  // keeps the memory

  std::uint64_t count() const { return total_; }
  bool empty() const { return total_ == 0; }
  std::uint64_t above_range() const { return above_; }  // how many were longer than 60 s
  // Exact, not a bucket's edge; 0 when empty.
  std::int64_t min() const { return total_ == 0 ? 0 : min_; }
  std::int64_t max() const { return max_; }
  // From the middles of the buckets, so right to 0.05 % (or 0.25 us); 0 when empty.
  double mean() const;
  double stddev() const;
  // The least upper edge of a bucket at or below which `percent` of the values are (never outside min … max);
  // 0 when empty. REQUIRES: 0 <= percent <= 100.
  std::int64_t percentile(double percent) const;
  // How many are in buckets at or below that of `ns`.
  std::uint64_t count_at_or_below(std::int64_t ns) const;

  // The buckets that are not empty, by index; and back.
  std::vector<Bucket> buckets() const;
  // Invalid ("bad_histogram") when an index is out of range, out of order or the edges contradict the
  // buckets.
  static Result<Histogram> from_buckets(const std::vector<Bucket>& buckets, std::int64_t min_ns,
                                        std::int64_t max_ns, std::uint64_t above_range);

  // For a pipe between processes: varints, the not empty buckets alone. take() removes its part from the
  // front.
  void append_to(std::string& out) const;
  static Result<Histogram> take(std::string_view& bytes);

  static constexpr std::uint32_t index_of(std::int64_t ns) {
    constexpr std::uint64_t kMask = (std::uint64_t{2} * kHalf - 1) << kUnitShift;
    const auto value = static_cast<std::uint64_t>(ns);
    const int power = static_cast<int>(std::bit_width(value | kMask)) - (kUnitShift + kHalfShift + 1);
    return (static_cast<std::uint32_t>(power) << kHalfShift) +
           static_cast<std::uint32_t>(value >> (power + kUnitShift));
  }
  static constexpr std::int64_t lower_edge(std::uint32_t index) {
    const std::uint32_t power = index < 2 * kHalf ? 0 : (index >> kHalfShift) - 1;
    const std::int64_t within = index < 2 * kHalf ? index : (index & (kHalf - 1)) + kHalf;
    return within << (power + kUnitShift);
  }
  static constexpr std::int64_t upper_edge(std::uint32_t index) { return lower_edge(index + 1) - 1; }
  static constexpr std::uint32_t kBuckets = 17 * kHalf + 765;  // index_of(kHighestNs) + 1

 private:
  void grow(std::uint32_t index);

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t above_ = 0;
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ = 0;
};

// HdrHistogram's percentile text (`.hgrm`): value in milliseconds, share at or below, count, 1/(1-share);
// five steps for each halving of the distance to 100 %.
std::string hgrm(const Histogram& histogram);

}  // namespace relay::bench
