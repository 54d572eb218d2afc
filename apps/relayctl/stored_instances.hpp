// The registry as it stands in the store: who was heard when, and what each left there. One thread.
#pragma once

#include <string>
#include <vector>

#include "cli/output.hpp"
#include "storage/redis/instance_purge.hpp"
#include "stored.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

// An instance over all partitions.
struct StoredInstance {
  hub::InstanceStatus status;  // of a long dead one the id alone
  std::int64_t silent_ms = 0;  // since its last beat, wherever that was
  std::uint64_t entries = 0;   // of presence, that it put there
};
// In order of id.
Outcome<std::vector<StoredInstance>> read_instances(Stored& stored);
// With the keys of `instances list`; `dead_after` tells the dead from the living.
Json instance_row(const StoredInstance& instance, Milliseconds dead_after);

// The purge that relayd itself runs, with the leaving of each client told to who listens for it.
Outcome<redis::PurgeReport> purge_instances(Stored& stored, std::vector<std::string> only,
                                            Milliseconds dead_after);

}  // namespace relay::ctl
