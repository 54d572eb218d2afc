// One subscriber's memory of what it has received: is each stream whole, in order, without repetition?
//
// A tracker follows one stream (layout.hpp). From begin() on every sequence number above what was sent by
// then must come; what is below it may come and is not judged. What was skipped is kept as ranges until it
// comes late (reordered) or the run ends (missing). Idle, a tracker is 8 bytes. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace relay::bench {

class Checker {
 public:
  explicit Checker(std::uint32_t trackers) : trackers_(std::make_unique<Tracker[]>(trackers)) {}

  enum class Verdict : std::uint8_t { kNew, kReordered, kDuplicate, kEarly };

  // Expects `sent` + 1 next. What was missing before stays missing; what came between is nobody's loss.
  void begin(std::uint32_t tracker, std::uint32_t sent) { trackers_[tracker] = {sent + 1, sent + 1}; }
  // Hot: once per delivery.
  Verdict take(std::uint32_t tracker, std::uint32_t sequence) {
    Tracker& at = trackers_[tracker];
    if (sequence == at.next) {
      ++at.next;
      return Verdict::kNew;
    }
    return take_out_of_turn(at, tracker, sequence);
  }
  // Nothing up to `sent` is missing but what is in missing().
  bool is_past(std::uint32_t tracker, std::uint32_t sent) const {
    return trackers_[tracker].base == 0 || trackers_[tracker].next > sent;
  }
  // The end: what is not there of 1 … `sent` by now is missing.
  void finish(std::uint32_t tracker, std::uint32_t sent);

  struct Range {
    std::uint32_t tracker;
    std::uint32_t first;
    std::uint32_t last;
  };
  const std::vector<Range>& missing() const { return missing_; }

 private:
  struct Tracker {
    std::uint32_t base = 0;  // the first that must come; 0: nothing must yet
    std::uint32_t next = 0;
  };
  Verdict take_out_of_turn(Tracker& at, std::uint32_t tracker, std::uint32_t sequence);
  bool fill(std::uint32_t tracker, std::uint32_t sequence);

  std::unique_ptr<Tracker[]> trackers_;
  std::vector<Range> missing_;
};

}  // namespace relay::bench
