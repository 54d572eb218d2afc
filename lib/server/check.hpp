// What `relayd --check` tries beyond reading the options (those, secret files included, load() has checked).
//
// Changes nothing that outlives it: what it binds it lets go, and sockets of a running relayd stay as they
// are. Before any loop runs; blocks for up to kStorageGrace above redis.connect_timeout.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "options/options.hpp"

namespace relay::server {

inline constexpr Milliseconds kStorageGrace{500};

// Printed as "relayd: error: WHAT: WHY", then "help: DO".
struct Problem {
  int exit_code;
  std::string what;
  std::string why;
  std::string help;
  std::string text() const;  // both lines, each with its end
};

// --check: certificates and keys, of the listeners and towards the storage. Opens no socket.
std::vector<Problem> check_files(const options::Options& options);

// --check=full: also binds every address, and connects to the storage, logs in and has it answer.
std::vector<Problem> check_everything(const options::Options& options);

}  // namespace relay::server
