#include "histogram.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <optional>

namespace relay::bench {
namespace {

static_assert(Histogram::index_of(Histogram::kHighestNs) + 1 == Histogram::kBuckets);

double middle(std::uint32_t index) {
  return (static_cast<double>(Histogram::lower_edge(index)) +
          static_cast<double>(Histogram::upper_edge(index) + 1)) /
         2;
}

Error bad(const char* why) {
  return make_error(ErrorKind::kInvalid, "bad_histogram", std::string("histogram: ") + why);
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return {};
}

}  // namespace

void Histogram::grow(std::uint32_t index) {
  const auto wanted = (index / kHalf + 1) * kHalf;
  counts_.resize(std::min(wanted, kBuckets));
}

void Histogram::merge(const Histogram& other) {
  if (other.empty()) return;
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
  above_ += other.above_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  total_ = above_ = 0;
  min_ = std::numeric_limits<std::int64_t>::max();
  max_ = 0;
}

double Histogram::mean() const {
  if (empty()) return 0;
  double sum = 0;
  for (std::uint32_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] != 0) sum += static_cast<double>(counts_[i]) * middle(i);
  return std::clamp(sum / static_cast<double>(total_), static_cast<double>(min()),
                    static_cast<double>(max()));
}

double Histogram::stddev() const {
  if (empty()) return 0;
  const double average = mean();
  double squares = 0;
  for (std::uint32_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const double distance = middle(i) - average;
    squares += static_cast<double>(counts_[i]) * distance * distance;
  }
  return std::sqrt(squares / static_cast<double>(total_));
}

std::int64_t Histogram::percentile(double percent) const {
  assert(percent >= 0 && percent <= 100);
  if (empty()) return 0;
  // 99.9 / 100 * 10,000 is a little above 9,990 in a double: that little is no value more.
  constexpr double kRounding = 1 - 1e-12;
  const double share = percent / 100 * static_cast<double>(total_) * kRounding;
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share)));
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return i + 1 == kBuckets ? max_ : std::clamp(upper_edge(i), min_, max_);
  }
  return max_;
}

std::uint64_t Histogram::count_at_or_below(std::int64_t ns) const {
  if (ns < 0) return 0;
  const std::size_t last = std::min<std::size_t>(index_of(std::min(ns, kHighestNs)) + 1, counts_.size());
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < last; ++i) seen += counts_[i];
  return seen;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> out;
  for (std::uint32_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] != 0) out.push_back({i, counts_[i]});
  return out;
}

Result<Histogram> Histogram::from_buckets(const std::vector<Bucket>& buckets, std::int64_t min_ns,
                                          std::int64_t max_ns, std::uint64_t above_range) {
  Histogram out;
  if (buckets.empty()) return out;
  if (min_ns < 0 || max_ns < min_ns) return bad("its least value is above its greatest");
  if (index_of(std::min(min_ns, kHighestNs)) != buckets.front().index ||
      index_of(std::min(max_ns, kHighestNs)) != buckets.back().index)
    return bad("its edges are not in its first and last bucket");
  for (const Bucket& bucket : buckets) {
    const bool first = &bucket == buckets.data();
    if (bucket.index >= kBuckets || bucket.count == 0 || (!first && bucket.index <= (&bucket)[-1].index))
      return bad("its buckets are out of range, empty or out of order");
    if (bucket.index >= out.counts_.size()) out.grow(bucket.index);
    out.counts_[bucket.index] = bucket.count;
    out.total_ += bucket.count;
  }
  out.min_ = min_ns;
  out.max_ = max_ns;
  out.above_ = above_range;
  return out;
}

void Histogram::append_to(std::string& out) const {
  const auto filled = buckets();
  append_varint(out, filled.size());
  if (filled.empty()) return;
  append_varint(out, static_cast<std::uint64_t>(min_));
  append_varint(out, static_cast<std::uint64_t>(max_));
  append_varint(out, above_);
  std::uint32_t before = 0;
  for (const Bucket& bucket : filled) {
    append_varint(out, bucket.index - before);
    append_varint(out, bucket.count);
    before = bucket.index;
  }
}

Result<Histogram> Histogram::take(std::string_view& bytes) {
  bool whole = true;
  const auto number = [&]() -> std::uint64_t {
    const auto value = take_varint(bytes);
    if (!value) whole = false;
    return value.value_or(0);
  };
  const std::uint64_t size = number();
  if (!whole || size > kBuckets) return bad("cut short");
  if (size == 0) return Histogram{};
  const auto least = static_cast<std::int64_t>(number());
  const auto greatest = static_cast<std::int64_t>(number());
  const std::uint64_t above = number();
  std::vector<Bucket> filled(size);
  std::uint64_t index = 0;
  for (Bucket& bucket : filled) {
    index = std::min<std::uint64_t>(index + std::min<std::uint64_t>(number(), kBuckets), kBuckets);
    bucket = {static_cast<std::uint32_t>(index), number()};
  }
  if (!whole) return bad("cut short");
  return from_buckets(filled, least, greatest, above);
}

std::string hgrm(const Histogram& histogram) {
  constexpr double kStepsPerHalving = 5;
  std::string out = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
  char line[160];
  const auto milliseconds = [](double ns) { return ns / 1e6; };
  std::uint64_t seen = 0;
  for (double percent = 0; seen < histogram.count();) {
    const auto value = histogram.percentile(percent);
    seen = histogram.count_at_or_below(value);
    std::snprintf(line, sizeof line, "%12.3f %2.12f %10llu %14.2f\n",
                  milliseconds(static_cast<double>(value)), percent / 100,
                  static_cast<unsigned long long>(seen), 1 / (1 - percent / 100));
    out += line;
    const double halvings = std::floor(std::log2(100 / (100 - percent))) + 1;
    percent += 100 / (kStepsPerHalving * std::exp2(halvings));
  }
  if (!histogram.empty()) {
    std::snprintf(line, sizeof line, "%12.3f %2.12f %10llu\n",
                  milliseconds(static_cast<double>(histogram.max())), 1.0,
                  static_cast<unsigned long long>(seen));
    out += line;
  }
  std::snprintf(line, sizeof line, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
                milliseconds(histogram.mean()), milliseconds(histogram.stddev()));
  out += line;
  std::snprintf(line, sizeof line, "#[Max     = %12.3f, Total count    = %12llu]\n",
                milliseconds(static_cast<double>(histogram.max())),
                static_cast<unsigned long long>(histogram.count()));
  out += line;
  std::snprintf(line, sizeof line, "#[Buckets = %12d, SubBuckets     = %12u]\n", 17, 2 * Histogram::kHalf);
  return out + line;
}

}  // namespace relay::bench
