#include "report/statistics.hpp"

#include "bench/near.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;
using Sample = std::vector<double>;

// Hollander and Wolfe, Nonparametric Statistical Methods (1973), p. 69: permeability of the human
// chorioamnion at term and at 12 to 26 weeks; the example of R's wilcox.test.
const Sample kAtTerm{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
const Sample kEarly{1.15, 0.88, 0.90, 0.74, 1.21};

TEST_CASE("the median of an even number is the middle of two") {
  CHECK(median({3}) == 3);
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 3, 2}) == 2.5);
}

TEST_CASE("the shift is the median of all differences") {
  CHECK(hodges_lehmann(Sample{1, 2, 3}, Sample{11, 12, 13}) == 10);
  // Differences 4 3 / 9 8: the middle is (4 + 8) / 2.
  CHECK(hodges_lehmann(Sample{1, 2}, Sample{5, 10}) == 6);
  CHECK(is_near(hodges_lehmann(kAtTerm, kEarly), -0.305, 1e-9));
}

TEST_CASE("Mann and Whitney agree with the books") {
  CHECK(is_near(mann_whitney(kAtTerm, kEarly), 0.2544122544, 1e-9));
  CHECK(is_near(mann_whitney(kEarly, kAtTerm), 0.2544122544, 1e-9));
  // Wholly apart: 2 of the 252 ways to choose 5 of 10.
  CHECK(is_near(mann_whitney(Sample{1, 2, 3, 4, 5}, Sample{6, 7, 8, 9, 10}), 2.0 / 252, 1e-12));
  CHECK(is_near(least_p(5, 5), 2.0 / 252, 1e-12));
  CHECK(least_p(1, 1) == 1);
  CHECK(is_near(least_p(3, 3), 0.1, 1e-12));
  CHECK(mann_whitney(Sample{1, 3}, Sample{2, 2.5}) == 1);
}

TEST_CASE("ties have the mean of their ranks") {
  // Of the 70 ways to choose 4 of the midranks 1 3 3 3 5.5 5.5 7.5 7.5, 14 are as far from 18 as 12.5 is.
  CHECK(is_near(mann_whitney(Sample{1, 2, 2, 3}, Sample{2, 3, 4, 4}), 0.2, 1e-12));
  CHECK(mann_whitney(Sample{5, 5, 5}, Sample{5, 5, 5}) == 1);
}

TEST_CASE("many values are judged by the normal approximation") {
  Sample a;
  Sample b;
  for (int i = 0; i < 50; ++i) {
    a.push_back((i * 37) % 101);
    b.push_back((i * 53) % 97 + 12);
  }
  // scipy.stats.mannwhitneyu(method="asymptotic")
  CHECK(is_near(mann_whitney(a, b), 0.2197504393473193, 1e-9));
  CHECK(mann_whitney(Sample(40, 1.0), Sample(40, 1.0)) == 1);
}

TEST_CASE("Holm's correction keeps the order and never decreases") {
  // 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1 made monotone.
  const auto corrected = holm(Sample{0.04, 0.01, 0.03, 0.02});
  CHECK(is_near(corrected[1], 0.04, 1e-12));
  CHECK(is_near(corrected[3], 0.06, 1e-12));
  CHECK(is_near(corrected[2], 0.06, 1e-12));
  CHECK(is_near(corrected[0], 0.06, 1e-12));
  CHECK(holm(Sample{0.5, 0.9})[1] == 1);
  CHECK(holm({}).empty());
}

TEST_CASE("the bootstrap's interval holds the shift and repeats itself") {
  const Sample a{10, 11, 9, 10.5, 9.5};
  const Sample b{20, 21, 19, 20.5, 19.5};
  const Interval interval = bootstrap_shift(a, b, 7);
  CHECK(interval.low >= 8);
  CHECK(interval.low <= 10);
  CHECK(interval.high >= 10);
  CHECK(interval.high <= 12);
  CHECK(bootstrap_shift(a, b, 7).low == interval.low);
  const Interval none = bootstrap_shift(a, a, 7);
  CHECK(none.low < 0);
  CHECK(none.high > 0);
}

TEST_CASE("blocks widen the interval of a series that drifts") {
  // 100 intervals at one level, then 100 at another: neighbours say the same again.
  Sample drifting;
  Sample steady;
  for (int i = 0; i < 200; ++i) {
    drifting.push_back(((i / 20) % 2 == 0 ? 10 : 12) + 0.01 * (i % 7));
    steady.push_back(11 + 0.01 * (i % 7));
  }
  const Interval interval = block_bootstrap_shift(steady, drifting, 3);
  CHECK(interval.low < 0);
  CHECK(interval.high > 0);
  const Interval close = block_bootstrap_shift(steady, steady, 3);
  CHECK(close.high - close.low < 0.05);
}

}  // namespace
