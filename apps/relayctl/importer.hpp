// Puts the messages of a file into the store, in order of id: as new messages, or with the ids they have. One
// thread.
//
// Many at a time are under way; each is one atomic step of the store, so an import that broke off can be
// begun anew: what is there already is found to be. Failures as of Stored, kData for a file that does not
// fit, kTryAgain when the store did not say whether it has stored a message.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "import_file.hpp"
#include "stored.hpp"
#include "stored_log.hpp"

namespace relay::ctl {

struct ImportCounts {
  std::int64_t read = 0;
  std::int64_t stored = 0;
  std::int64_t announced = 0;  // of these
  std::int64_t there = 0;      // were in the store before
  std::int64_t expired = 0;    // their life was over
  std::int64_t missing = 0;    // found neither stored nor there when looked for afterwards (--verify)
};

// New ids, given by the store as to any publisher; live readers get them. REQUIRES: the file outlives the
// call.
Outcome<void> import_anew(Stored& stored, const ImportFile& file, bool verify, ImportCounts& counts);

// The ids of the file. plan_preserving() says whether the store can take them, before anything is written.
struct PreservingPlan {
  std::vector<Bounds> before;  // of each partition
  std::vector<MessageId>
      through;  // of each partition: up to here the file knows all that the store does; 0: it does not
  std::vector<bool> used;  // partitions that get something
  std::int64_t past = 0;   // messages behind the store's newest ids
};
Outcome<PreservingPlan> plan_preserving(Stored& stored, ImportFile& file);
Outcome<void> import_preserving(Stored& stored, ImportFile& file, const PreservingPlan& plan, bool verify,
                                ImportCounts& counts);

}  // namespace relay::ctl
