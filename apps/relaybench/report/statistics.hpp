// The statistics of a comparison: shift, interval, significance. Pure functions over samples; any thread.
//
// Samples are one value per run, few and of unknown distribution; so everything rests on ranks and medians:
// Hodges and Lehmann 1963, Mann and Whitney 1947 (exact, ties included), Efron's percentile bootstrap,
// Kuensch's block bootstrap 1989, Holm 1979.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace relay::bench {

// REQUIRES of all: samples are not empty.

double median(std::vector<double> values);

// By how much `b` lies above `a`: the median of all differences b_j - a_i.
double hodges_lehmann(std::span<const double> a, std::span<const double> b);

struct Interval {
  double low = 0;
  double high = 0;
};
// 95 % of what hodges_lehmann gives over samples drawn from a and b with repetition; the same for the same
// seed.
Interval bootstrap_shift(std::span<const double> a, std::span<const double> b, std::uint64_t seed);
// The same for the difference of medians of two series whose neighbours depend on each other: drawn in blocks
// of n^(1/3) neighbours.
Interval block_bootstrap_shift(std::span<const double> a, std::span<const double> b, std::uint64_t seed);

// How likely a difference of ranks at least this large is when there is none, two-sided. Exact up to 60
// values, ties included; then the normal approximation with the corrections for ties and continuity.
double mann_whitney(std::span<const double> a, std::span<const double> b);
// The least that mann_whitney can give for samples of these sizes.
double least_p(std::size_t a, std::size_t b);

// Each p made comparable with the level for one test alone, in the given order.
std::vector<double> holm(std::span<const double> p);

}  // namespace relay::bench
