// What the parts of one generator share: the plan, the loop, the driver, the clock of the run, and the tally
// they write to. Built by Generator; everything lives as long as it does. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "load/alarm.hpp"
#include "load/board.hpp"
#include "load/dialer.hpp"
#include "load/layout.hpp"
#include "load/payload.hpp"
#include "load/tally.hpp"
#include "net/connection.hpp"
#include "net/io_loop.hpp"

namespace relay::bench {

// What is the same for all generators of a run; made before they are forked.
struct RunSetup {
  const Plan& plan;
  const Driver& driver;
  Layout layout;
  Board& board;
  std::uint32_t run = 0;      // in every payload
  std::int64_t epoch_ns = 0;  // CLOCK_MONOTONIC; times in payloads count from it
  std::vector<std::string> channels;
  Dialer stream_dialer;
  Dialer publish_dialer;
};

class Station {
 public:
  Station(RunSetup& run_setup, std::uint32_t process_index);

  RunSetup& setup;
  const Plan& plan;
  const std::uint32_t index;  // of this process
  net::IoLoop loop;
  metrics::LoopMetrics metrics;
  net::ConnectionSet connections;
  Tally tally;
  Padding padding;

  // Nanoseconds since the run's epoch.
  std::int64_t now() const { return monotonic_ns() - setup.epoch_ns; }
  // When the load began, since the epoch; 0: not yet.
  std::int64_t begin = 0;
  // Which stage a time belongs to; kNoStage during the warm-up. Times behind the end belong to the last.
  static constexpr std::size_t kNoStage = SIZE_MAX;
  std::size_t stage_at(std::int64_t time) const;
  Figures* figures_at(std::int64_t time) {
    const std::size_t stage = stage_at(time);
    return stage == kNoStage ? nullptr : &tally.stages[stage];
  }

  std::string_view token_of(std::uint32_t client) const {
    const auto& tokens = plan.target.tokens;
    return tokens.empty() ? std::string_view() : std::string_view(tokens[client % tokens.size()]);
  }

 private:
  std::vector<std::int64_t> stage_ends_;  // since `begin`
  std::int64_t warmup_ns_;
};

}  // namespace relay::bench
