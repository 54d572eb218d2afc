// From argv, environment and files to one set of options, or to everything that is wrong with them.
//
// Later wins: defaults < file < drop-ins (FILE.d/*.toml, by name) < environment < flags. Reads files, writes
// nothing. Call it again with the same arguments for a reload: it has no state. Any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "options/command_line.hpp"
#include "options/environment.hpp"
#include "options/options.hpp"

namespace relay::options {

inline constexpr const char* kDefaultConfigFile = "/etc/relayd/relayd.toml";

// sysexits(3)
inline constexpr int kExitUsage = 64;
inline constexpr int kExitNoInput = 66;
inline constexpr int kExitDenied = 77;
inline constexpr int kExitConfig = 78;

// "default", "/etc/relayd/relayd.toml:14", "environment REDIS_URL", "flag --listen"; keys at their default
// are left out.
using Origins = std::map<std::string, std::string>;

struct Loaded {
  Options options;
  Origins origins;
  std::vector<std::string> files;           // that were read, in order
  std::vector<std::string> warnings;        // for the log at start
  std::vector<std::string> without_effect;  // variables of the Go bridge that mean nothing here
};

struct LoadOutcome {
  Action action =
      Action::kRun;   // kRun, kCheck, kCheckFull: act on `loaded`; otherwise print `output` and exit
  int exit_code = 0;  // not 0: print `errors` to stderr and exit with it
  Loaded loaded;
  std::string output;  // for stdout
  std::string errors;
};

LoadOutcome load(int argc, const char* const* argv, const Environment& environment,
                 const std::string& default_file = kDefaultConfigFile);

}  // namespace relay::options
