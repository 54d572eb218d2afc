#include "load/curve.hpp"

#include <algorithm>
#include <cmath>

namespace relay::bench {
namespace {

constexpr double kSecond = 1e9;

std::int64_t nanoseconds(milliseconds time) {
  return std::chrono::duration_cast<Nanoseconds>(time).count();
}

double area_of(const Curve::Piece& piece) {
  return (piece.from + piece.to) / 2 * static_cast<double>(piece.end_ns - piece.begin_ns) / kSecond;
}

double level_at(const Curve::Piece& piece, std::int64_t ns) {
  const double share =
      static_cast<double>(ns - piece.begin_ns) / static_cast<double>(piece.end_ns - piece.begin_ns);
  return piece.from + (piece.to - piece.from) * share;
}

// How far into the piece, in seconds, the area below it reaches `area`.
double time_of_area(const Curve::Piece& piece, double area) {
  const double length = static_cast<double>(piece.end_ns - piece.begin_ns) / kSecond;
  const double slope = (piece.to - piece.from) / length;
  // from t + slope t^2 / 2 = area, in the form that stays exact for a slope near 0.
  const double root = std::sqrt(std::max(0.0, piece.from * piece.from + 2 * slope * area));
  const double sum = piece.from + root;
  return sum <= 0 ? 0 : std::min(length, 2 * area / sum);
}

}  // namespace

void Curve::add(std::int64_t length_ns, double from, double to) {
  if (length_ns <= 0) return;
  const std::int64_t begin = end_ns();
  pieces_.push_back({begin, begin + length_ns, from, to});
}

Curve Curve::of(const Plan& plan, const Level& level) {
  Curve curve;
  const double first = level(plan.stages.front());
  curve.add(nanoseconds(plan.warmup), first, first);
  double last = plan.warmup.count() > 0 ? first : 0;
  for (const StagePlan& stage : plan.stages) {
    const std::int64_t length = nanoseconds(stage.duration);
    const double here = level(stage);
    if (stage.ramp == Ramp::kSpike) {
      curve.add(length / 3, here, here);
      curve.add(length - length / 3, last, last);
      continue;
    }
    curve.add(length, stage.ramp == Ramp::kLinear ? last : here, here);
    last = here;
  }
  return curve;
}

Curve Curve::of_clients(const Plan& plan, double scale) {
  return of(plan, [scale](const StagePlan& stage) { return stage.clients * scale; });
}

Curve Curve::of_rate(const Plan& plan, double scale) {
  return of(plan, [scale](const StagePlan& stage) { return stage.rate * scale; });
}

Curve Curve::of_churn(const Plan& plan) {
  return of(plan, [&plan](const StagePlan& stage) { return stage.churn.value_or(plan.shape.churn); });
}

double Curve::at(std::int64_t ns) const {
  for (const Piece& piece : pieces_) {
    if (ns < piece.end_ns) return level_at(piece, std::max(ns, piece.begin_ns));
  }
  return pieces_.empty() ? 0 : pieces_.back().to;
}

double Curve::area(std::int64_t from_ns, std::int64_t to_ns) const {
  double sum = 0;
  for (const Piece& piece : pieces_) {
    const std::int64_t from = std::max(from_ns, piece.begin_ns);
    const std::int64_t to = std::min(to_ns, piece.end_ns);
    if (from < to) sum += area_of({from, to, level_at(piece, from), level_at(piece, to)});
  }
  return sum;
}

std::optional<std::int64_t> Schedule::time_of(std::uint64_t k) {
  const auto& pieces = rate_.pieces();
  const auto wanted = static_cast<double>(k);
  for (; piece_ < pieces.size(); ++piece_) {
    const double area = area_of(pieces[piece_]);
    // The areas are sums of rounded numbers: a millionth of a message is none.
    if (wanted < before_ + area - 1e-6) {
      return pieces[piece_].begin_ns +
             std::llround(time_of_area(pieces[piece_], std::max(0.0, wanted - before_)) * kSecond);
    }
    before_ += area;
  }
  return {};
}

}  // namespace relay::bench
