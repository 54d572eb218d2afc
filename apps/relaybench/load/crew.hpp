// Who generates, as the engine sees them: processes of this machine (generators.hpp) or other machines
// (workers.hpp). Each member says records (pipe.hpp) in the order of its phases. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "load/pipe.hpp"
#include "result.hpp"

namespace relay::bench {

class Crew {
 public:
  virtual ~Crew() = default;
  virtual std::size_t count() const = 0;
  // Hands on what the members say, for up to `limit`; returns at the first records. Errors: kInternal
  // "generator_failed" when one is gone that had not said its tally.
  using OnRecord = std::function<void(std::size_t member, Record record)>;
  virtual Result<void> listen(std::chrono::milliseconds limit, const OnRecord& on_record) = 0;
  // All are ready: the load begins at `start_ns` of CLOCK_MONOTONIC.
  virtual void begin(std::int64_t start_ns) = 0;
  // Ends the load early, by way of the drain.
  virtual void stop() = 0;
  // All have drained: what nobody acknowledged, for their verdict.
  virtual void judge(std::string_view exceptions) = 0;
  // After the last tally: what else is to be said of the members.
  virtual std::vector<WorkerNote> notes() { return {}; }
};

}  // namespace relay::bench
