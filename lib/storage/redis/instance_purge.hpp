// The removal of what an instance put into the store: dead ones by any survivor (or by relayctl with none
// alive), and one's own. On the executor's thread; needs nothing but an executor.
//
//   purge_dead: find the silent -> take the lease -> for each, partition by partition, batch by batch -> give
//   it back
//
// Each batch is one script that looks at the last beat again, so an instance that lives again is spared from
// there on and sees (by its token) that it has to enter its clients anew. Repeating any of it does no harm;
// the lease only keeps the survivors from doing the same work at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/redis/executor.hpp"
#include "storage/redis/instance_records.hpp"

namespace relay::redis {

inline constexpr std::uint32_t kPurgeBatch = 200;  // entries a script removes; some 1 ms of Redis's time

enum class PurgeMode {
  kDead,    // of another instance, while it is silent
  kWipe,    // one's own entries; the instance stays
  kRetire,  // all of one's own
};

// One batch in one partition.
struct PurgeStep {
  bool allowed = false;  // false: it lives (kDead), or the token is another one
  bool complete = false;
  std::uint64_t removed = 0;
  std::vector<HeldEntry> heard;  // of these, those whose leaving somebody listens for
};
struct PurgeTarget {
  std::uint32_t partition = 0;
  std::string instance;
  PurgeMode mode = PurgeMode::kDead;
  Milliseconds dead_after{0};  // kDead
  std::string token;           // else
};
void purge_step(Executor& executor, const PurgeTarget& target, Milliseconds timeout,
                std::function<void(Result<PurgeStep>)> done);
// Steps until it is complete, or not allowed. `heard` of the answer is of all steps.
void purge_all(Executor& executor, const PurgeTarget& target, Milliseconds timeout,
               std::function<void(Result<PurgeStep>)> done);

struct PurgeSettings {
  Milliseconds dead_after{90'000};
  Milliseconds timeout{5'000};    // of each command
  std::vector<std::string> only;  // these alone; empty: all
  std::string except;             // who purges, if it is an instance
};
struct Purged {
  std::string instance;
  std::int64_t silent_ms = 0;
  std::uint64_t entries = 0;
  bool listed =
      false;  // its place in the list of instances was among it: partitions may find it silent one by one
  bool complete = false;  // nothing of it is left where it was found silent
  bool revived = false;   // found alive on the way: the rest was spared
};
struct PurgeReport {
  std::vector<Purged> instances;
  std::vector<HeldEntry> heard;
  bool elsewhere = false;        // another holds the lease, and goes on
  std::optional<Error> failure;  // of the store, on the way; what stands above was done
};
void purge_dead(Executor& executor, PurgeSettings settings, std::function<void(PurgeReport)> done);

}  // namespace relay::redis
