// Which rates a search tries: up by a factor while it is good, down while it is not, then between the two in
// halves (of their ratio) until they are near enough. A value; pure.
#pragma once

#include <optional>

namespace relay::bench {

class SearchSteps {
 public:
  static constexpr int kMostTries = 24;

  // REQUIRES: start > 0, step > 1, precision > 0 (0.05: the answer is right to 5 %).
  SearchSteps(double start, double step, double precision)
      : next_(start), step_(step), precision_(precision) {}

  double next() const { return next_; }
  // How next() went.
  void tried(bool good);
  bool done() const;
  std::optional<double> best() const { return good_; }  // the highest that was good
  std::optional<double> worst() const { return bad_; }  // the lowest that was not

 private:
  double next_;
  double step_;
  double precision_;
  std::optional<double> good_;
  std::optional<double> bad_;
  int tries_ = 0;
};

}  // namespace relay::bench
