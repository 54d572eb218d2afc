// What one generator counts, and what the parent makes of several: the figures of each stage and of the
// current interval, deliveries that are wrong, errors by kind.
//
// A generator's Tally is its loop's alone. It crosses the pipe as bytes (pack.hpp) and is merged there.
// Warm-up deliveries are checked as all others but are in no latency: stage_at() says kNoStage for them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "load/pack.hpp"
#include "result.hpp"

namespace relay::bench {

// What happened since the last report to the parent; by the time of happening, warm-up included.
struct IntervalTally {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t clients = 0;         // live now
  std::uint64_t gaps = 0;            // sequence numbers skipped and not come yet, now
  Delivery delivery;                 // all so far, without samples; loss is not judged yet
  std::uint64_t publish_errors = 0;  // all so far
  std::uint64_t connect_errors = 0;
  Histogram end_to_end;
  Histogram connect;
  Histogram lag;
  void merge(const IntervalTally& other);
  void append_to(Packer& out) const;
  static IntervalTally take(Unpacker& in);
};

void merge_figures(Figures& to, const Figures& from);  // counts and latencies

struct ErrorTally {
  std::uint64_t count = 0;
  std::string first;
};

class Tally {
 public:
  explicit Tally(std::size_t stage_count) : stages(stage_count) {}

  std::vector<Figures> stages;
  Histogram connect;  // of setup and warm-up, which belong to no stage
  std::uint64_t connected = 0;
  std::uint64_t connect_errors = 0;
  Delivery delivery;
  std::map<std::string, ErrorTally, std::less<>> errors;
  Histogram lag;      // of the stages
  Histogram silence;  // the longest of each subscriber in all stages
  std::uint64_t dropped_slots = 0;
  double cpu = 0;  // cores, over the stages
  IntervalTally interval;

  void fail(std::string_view kind, std::string_view first);
  void blame(Delivery::Sample sample);  // keeps the first ones

  void merge(const Tally& other);
  void append_to(Packer& out) const;  // without the interval
  static Tally take(Unpacker& in);
};

}  // namespace relay::bench
