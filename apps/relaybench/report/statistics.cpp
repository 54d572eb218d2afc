#include "report/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <random>

namespace relay::bench {
namespace {

constexpr int kResamples = 2000;
constexpr std::size_t kMostExact = 60;

// Twice the midrank of each value in the joint order: whole numbers, ties included. First those of a.
std::vector<std::size_t> doubled_ranks(std::span<const double> a, std::span<const double> b) {
  std::vector<double> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  std::vector<double> sorted = all;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::size_t> out;
  for (const double value : all) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    out.push_back(static_cast<std::size_t>((first - sorted.begin()) + (last - sorted.begin()) + 1));
  }
  return out;
}

// Among all ways to choose `size` of the ranks: the share whose sum is as far from the middle as `sum`, or
// farther.
double exact_p(const std::vector<std::size_t>& ranks, std::size_t size, std::size_t sum) {
  const std::size_t total = std::accumulate(ranks.begin(), ranks.end(), std::size_t{0});
  std::vector<std::vector<double>> ways(size + 1, std::vector<double>(total + 1, 0));
  ways[0][0] = 1;
  for (const std::size_t rank : ranks)
    for (std::size_t chosen = size; chosen > 0; --chosen)
      for (std::size_t at = total; at >= rank; --at) ways[chosen][at] += ways[chosen - 1][at - rank];
  const double middle = static_cast<double>(total * size) / static_cast<double>(ranks.size());
  const double distance = std::abs(static_cast<double>(sum) - middle);
  double all = 0;
  double far = 0;
  for (std::size_t at = 0; at <= total; ++at) {
    all += ways[size][at];
    if (std::abs(static_cast<double>(at) - middle) >= distance - 1e-9) far += ways[size][at];
  }
  return std::min(1.0, far / all);
}

double normal_p(const std::vector<std::size_t>& ranks, std::size_t size, std::size_t sum) {
  const auto n = static_cast<double>(size);
  const auto m = static_cast<double>(ranks.size() - size);
  const double u = static_cast<double>(sum) / 2 - n * (n + 1) / 2;
  std::vector<std::size_t> sorted = ranks;
  std::sort(sorted.begin(), sorted.end());
  double ties = 0;
  for (auto at = sorted.begin(); at != sorted.end();) {
    const auto end = std::upper_bound(at, sorted.end(), *at);
    const auto same = static_cast<double>(end - at);
    ties += same * same * same - same;
    at = end;
  }
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
  if (variance <= 0) return 1;
  const double z = std::max(0.0, std::abs(u - n * m / 2) - 0.5) / std::sqrt(variance);
  return std::min(1.0, std::erfc(z / std::sqrt(2.0)));
}

Interval middle_95(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  return {at(0.025), at(0.975)};
}

std::size_t below(std::size_t limit, std::mt19937_64& random) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

std::vector<double> drawn(std::span<const double> from, std::mt19937_64& random) {
  std::vector<double> out(from.size());
  for (double& value : out) value = from[below(from.size(), random)];
  return out;
}

std::vector<double> drawn_in_blocks(std::span<const double> from, std::mt19937_64& random) {
  const auto length = std::max<std::size_t>(
      1, static_cast<std::size_t>(std::lround(std::cbrt(static_cast<double>(from.size())))));
  std::vector<double> out;
  while (out.size() < from.size()) {
    const std::size_t start = below(from.size() - length + 1, random);
    for (std::size_t i = 0; i < length && out.size() < from.size(); ++i) out.push_back(from[start + i]);
  }
  return out;
}

}  // namespace

double median(std::vector<double> values) {
  assert(!values.empty());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

double hodges_lehmann(std::span<const double> a, std::span<const double> b) {
  std::vector<double> differences;
  differences.reserve(a.size() * b.size());
  for (const double y : b)
    for (const double x : a) differences.push_back(y - x);
  return median(std::move(differences));
}

Interval bootstrap_shift(std::span<const double> a, std::span<const double> b, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> shifts(kResamples);
  for (double& shift : shifts) {
    const auto x = drawn(a, random);
    shift = hodges_lehmann(x, drawn(b, random));
  }
  return middle_95(std::move(shifts));
}

Interval block_bootstrap_shift(std::span<const double> a, std::span<const double> b, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> shifts(kResamples);
  for (double& shift : shifts) {
    const double before = median(drawn_in_blocks(a, random));
    shift = median(drawn_in_blocks(b, random)) - before;
  }
  return middle_95(std::move(shifts));
}

double mann_whitney(std::span<const double> a, std::span<const double> b) {
  assert(!a.empty() && !b.empty());
  const auto ranks = doubled_ranks(a, b);
  const auto end = ranks.begin() + static_cast<std::ptrdiff_t>(a.size());
  const std::size_t sum = std::accumulate(ranks.begin(), end, std::size_t{0});
  return ranks.size() <= kMostExact ? exact_p(ranks, a.size(), sum) : normal_p(ranks, a.size(), sum);
}

double least_p(std::size_t a, std::size_t b) {
  double ways = 1;  // of choosing a of a + b
  for (std::size_t i = 1; i <= a; ++i) ways *= static_cast<double>(b + i) / static_cast<double>(i);
  return std::min(1.0, 2 / ways);
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return p[x] < p[y]; });
  std::vector<double> out(p.size());
  double least = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    least = std::max(least, p[order[i]] * static_cast<double>(p.size() - i));
    out[order[i]] = std::min(1.0, least);
  }
  return out;
}

}  // namespace relay::bench
