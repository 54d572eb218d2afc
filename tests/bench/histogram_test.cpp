#include "histogram.hpp"

#include "bench/near.hpp"
#include "support/catch.hpp"

namespace {

using relay::bench::hgrm;
using relay::bench::Histogram;
using relay::bench::is_near;

// 10,000 values of 50 us to 536 ms, the same for every implementation (xorshift64).
std::vector<std::int64_t> sample_values() {
  std::vector<std::int64_t> out;
  std::uint64_t x = 88172645463325252U;
  for (int i = 0; i < 10'000; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    out.push_back(50'000 + static_cast<std::int64_t>((x & 0xFFFF) << ((x >> 40) % 14)));
  }
  return out;
}

Histogram of(const std::vector<std::int64_t>& values) {
  Histogram out;
  for (const auto value : values) out.record(value);
  return out;
}

// What the Python package hdrhistogram 0.10 says to sample_values(), HdrHistogram(1000, 60_000_000_000, 3).
TEST_CASE("the buckets, the mean and the percentiles are HdrHistogram's") {
  const Histogram h = of(sample_values());
  CHECK(h.count() == 10'000);
  CHECK(is_near(static_cast<double>(h.mean()), 38530074.5728, 1e-9));
  CHECK(is_near(static_cast<double>(h.stddev()), 87979915.96561582, 1e-9));
  CHECK(h.percentile(25) == 246'783);
  CHECK(h.percentile(50) == 2'115'583);
  CHECK(h.percentile(75) == 25'886'719);
  CHECK(h.percentile(90) == 122'224'639);
  CHECK(h.percentile(99) == 463'470'591);
  CHECK(h.percentile(99.9) == 530'841'599);
  CHECK(h.percentile(99.99) == 536'084'479);
  CHECK(h.percentile(100) == 536'363'856);  // exact where HdrHistogram gives its bucket's edge
  CHECK(h.min() == 50'028);
  CHECK(h.max() == 536'363'856);
}

TEST_CASE("every value falls into the bucket whose edges hold it, a thousandth wide") {
  std::uint32_t before = 0;
  for (std::int64_t ns = 0; ns <= Histogram::kHighestNs; ns += 1 + ns / 1500) {
    const std::uint32_t index = Histogram::index_of(ns);
    if (index < before || Histogram::lower_edge(index) > ns || Histogram::upper_edge(index) < ns) FAIL(ns);
    const auto width = Histogram::upper_edge(index) - Histogram::lower_edge(index) + 1;
    if (width > 512 && width * 1000 > ns) FAIL(ns);
    before = index;
  }
  CHECK(before + 1 >= Histogram::kBuckets - 1);
  for (std::uint32_t index = 0; index + 1 < Histogram::kBuckets; ++index)
    if (Histogram::upper_edge(index) + 1 != Histogram::lower_edge(index + 1)) FAIL(index);
}

TEST_CASE("percentiles of few values are those values") {
  const Histogram h = of({1'000'000, 2'000'000, 3'000'000, 4'000'000});
  CHECK(is_near(static_cast<double>(h.percentile(0)), 1'000'000, 0.001));
  CHECK(is_near(static_cast<double>(h.percentile(50)), 2'000'000, 0.001));
  CHECK(is_near(static_cast<double>(h.percentile(51)), 3'000'000, 0.001));
  CHECK(h.percentile(100) == 4'000'000);
  CHECK(h.count_at_or_below(2'500'000) == 2);
}

TEST_CASE("an empty histogram is all zeros") {
  const Histogram h;
  CHECK(h.empty());
  CHECK(h.min() == 0);
  CHECK(h.max() == 0);
  CHECK(h.mean() == 0);
  CHECK(h.stddev() == 0);
  CHECK(h.percentile(99) == 0);
  CHECK(h.buckets().empty());
}

TEST_CASE("what is out of range is counted, and the greatest value stays exact") {
  const Histogram h = of({-5, 500, 90'000'000'000});
  CHECK(h.count() == 3);
  CHECK(h.min() == 0);
  CHECK(h.max() == 90'000'000'000);
  CHECK(h.above_range() == 1);
  CHECK(h.percentile(100) == 90'000'000'000);
}

TEST_CASE("merging is recording both") {
  const auto values = sample_values();
  Histogram merged;
  for (std::size_t start = 0; start < values.size(); start += 2500)
    merged.merge(
        of({values.begin() + static_cast<long>(start), values.begin() + static_cast<long>(start) + 2500}));
  const Histogram whole = of(values);
  CHECK(merged.buckets() == whole.buckets());
  CHECK(merged.min() == whole.min());
  CHECK(merged.max() == whole.max());
  merged.clear();
  CHECK(merged.empty());
  merged.merge(whole);
  CHECK(merged.buckets() == whole.buckets());
}

TEST_CASE("a histogram survives the pipe and its buckets") {
  const Histogram whole = of(sample_values());
  std::string bytes;
  whole.append_to(bytes);
  Histogram{}.append_to(bytes);
  of({7, 70'000'000'000}).append_to(bytes);
  std::string_view rest = bytes;
  const auto first = Histogram::take(rest);
  REQUIRE(first.has_value());
  CHECK(first->buckets() == whole.buckets());
  CHECK(first->min() == whole.min());
  CHECK(first->max() == whole.max());
  CHECK(Histogram::take(rest).value().empty());
  CHECK(Histogram::take(rest).value().above_range() == 1);
  CHECK(rest.empty());
}

TEST_CASE("a histogram cut anywhere is an error") {
  std::string bytes;
  of({1'000, 5'000'000, 70'000'000'000}).append_to(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view rest(bytes.data(), size);
    CHECK(Histogram::take(rest).has_error());
  }
}

TEST_CASE("buckets that cannot be are refused") {
  CHECK(Histogram::from_buckets({{5, 1}, {4, 1}}, 2600, 2100, 0).has_error());
  CHECK(Histogram::from_buckets({{5, 1}, {5, 1}}, 2600, 2700, 0).has_error());
  CHECK(Histogram::from_buckets({{5, 0}}, 2600, 2600, 0).has_error());
  CHECK(Histogram::from_buckets({{Histogram::kBuckets, 1}}, 1, 1, 0).has_error());
  CHECK(Histogram::from_buckets({{5, 1}}, 9'000'000, 9'000'000, 0).has_error());
  CHECK(Histogram::from_buckets({{5, 1}}, 2600, 2600, 0).has_value());
}

// The steps are those of HdrHistogram's PercentileIterator with 5 ticks for each half distance.
TEST_CASE("the hgrm text has the value, the share, the count and the inverse") {
  Histogram h;
  for (int ms = 1; ms <= 10; ++ms) h.record(ms * 1'000'000);
  CHECK(hgrm(h) ==
        "       Value     Percentile TotalCount 1/(1-Percentile)\n"
        "\n"
        "       1.000 0.000000000000          1           1.00\n"
        "       1.000 0.100000000000          1           1.11\n"
        "       2.001 0.200000000000          2           1.25\n"
        "       3.000 0.300000000000          3           1.43\n"
        "       4.002 0.400000000000          4           1.67\n"
        "       5.001 0.500000000000          5           2.00\n"
        "       6.001 0.550000000000          6           2.22\n"
        "       6.001 0.600000000000          6           2.50\n"
        "       7.000 0.650000000000          7           2.86\n"
        "       7.000 0.700000000000          7           3.33\n"
        "       8.004 0.750000000000          8           4.00\n"
        "       8.004 0.775000000000          8           4.44\n"
        "       8.004 0.800000000000          8           5.00\n"
        "       9.003 0.825000000000          9           5.71\n"
        "       9.003 0.850000000000          9           6.67\n"
        "       9.003 0.875000000000          9           8.00\n"
        "       9.003 0.887500000000          9           8.89\n"
        "       9.003 0.900000000000          9          10.00\n"
        "      10.000 0.912500000000         10          11.43\n"
        "      10.000 1.000000000000         10\n"
        "#[Mean    =        5.500, StdDeviation   =        2.872]\n"
        "#[Max     =       10.000, Total count    =           10]\n"
        "#[Buckets =           17, SubBuckets     =         2048]\n");
}

}  // namespace
