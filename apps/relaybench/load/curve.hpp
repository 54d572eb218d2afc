// A level over time, made of straight pieces: how many clients are wanted when, how many messages a second
// are due. And the schedule that follows from a rate: when message number k is to be sent, fixed before the
// first one is. Values; any thread. Times are nanoseconds from the beginning of the load (the warm-up
// included).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "plan.hpp"

namespace relay::bench {

class Curve {
 public:
  struct Piece {
    std::int64_t begin_ns;
    std::int64_t end_ns;
    double from;
    double to;
  };

  // The stages' `clients` or `rate`, each times `scale`, behind a warm-up at the level where the first stage
  // begins; without a warm-up a linear first stage begins at 0.
  static Curve of_clients(const Plan& plan, double scale);
  static Curve of_rate(const Plan& plan, double scale);
  static Curve of_churn(const Plan& plan);  // subscribers a second

  double at(std::int64_t ns) const;  // behind the end: as at the end
  std::int64_t end_ns() const { return pieces_.empty() ? 0 : pieces_.back().end_ns; }
  // The area below it: how much comes between two times.
  double area(std::int64_t from_ns, std::int64_t to_ns) const;
  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  using Level = std::function<double(const StagePlan&)>;
  static Curve of(const Plan& plan, const Level& level);
  void add(std::int64_t length_ns, double from, double to);
  std::vector<Piece> pieces_;
};

// Message k is due when the area below the rate reaches k. Asked for in ascending order.
class Schedule {
 public:
  explicit Schedule(Curve rate) : rate_(std::move(rate)) {}
  // Nothing: the load is over before it would be due. REQUIRES: k is not below that of an earlier call.
  std::optional<std::int64_t> time_of(std::uint64_t k);

 private:
  Curve rate_;
  std::size_t piece_ = 0;
  double before_ = 0;  // the area of the pieces before
};

}  // namespace relay::bench
