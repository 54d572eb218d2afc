// What can be wrong with a channel's backlog, how it is found and how it is mended. One thread.
//
// Reading takes many steps while relayd goes on: a fault counts when a second look finds it too.
#pragma once

#include <string>
#include <vector>

#include "stored.hpp"
#include "stored_keys.hpp"

namespace relay::ctl {

// By the names that "backlog verify" prints.
enum class FaultKind {
  kWrongType,  // the log is no sorted set
  kForeign,    // an element that is neither message nor marker
  kScore,      // an element's score is not its id
  kTwice,      // two messages of one id
  kMarker,     // more than one marker, or not the lowest
  kExpiry,     // a key that never expires
  kLast,       // P:last is missing, or behind the newest message
  kBytes,      // P:bytes is not what the messages add up to
  kAhead,      // an id above the partition's newest one
  kOrphan,     // P:bytes without a log
  kLarge,      // a message far greater than relayd takes: told, not counted as wrong
};

struct Fault {
  FaultKind kind = FaultKind::kForeign;
  std::string channel;
  std::string says;     // for people, and stable while the fault is the same
  std::string element;  // that it is about
  MessageId id = 0;
  std::string mended;  // what was done, if anything

  bool is_wrong() const { return kind != FaultKind::kLarge; }
};
std::string_view name_of(FaultKind kind);

Outcome<std::vector<Fault>> find_faults(Stored& stored, const LogName& name);
// Sets `mended` of each fault that it could mend.
Outcome<void> mend(Stored& stored, std::vector<Fault>& faults);

}  // namespace relay::ctl
