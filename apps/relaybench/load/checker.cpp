#include "load/checker.hpp"

namespace relay::bench {

Checker::Verdict Checker::take_out_of_turn(Tracker& at, std::uint32_t tracker, std::uint32_t sequence) {
  if (at.base == 0) return Verdict::kEarly;
  if (sequence > at.next) {
    missing_.push_back({tracker, at.next, sequence - 1});
    at.next = sequence + 1;
    return Verdict::kNew;
  }
  if (fill(tracker, sequence)) return Verdict::kReordered;
  return sequence < at.base ? Verdict::kEarly : Verdict::kDuplicate;
}

// Takes one number out of the missing ones.
bool Checker::fill(std::uint32_t tracker, std::uint32_t sequence) {
  for (std::size_t i = missing_.size(); i-- > 0;) {
    Range& range = missing_[i];
    if (range.tracker != tracker || sequence < range.first || sequence > range.last) continue;
    const Range above{tracker, sequence + 1, range.last};
    if (range.first == range.last) {
      missing_.erase(missing_.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (sequence == range.first) {
      ++range.first;
    } else {
      range.last = sequence - 1;
      if (above.first <= above.last) missing_.push_back(above);
    }
    return true;
  }
  return false;
}

void Checker::finish(std::uint32_t tracker, std::uint32_t sent) {
  Tracker& at = trackers_[tracker];
  if (at.base == 0 || at.next > sent) return;
  missing_.push_back({tracker, at.next, sent});
  at.next = sent + 1;
}

}  // namespace relay::bench
