// What a reload changes, and what of it must wait for a restart. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "options/options.hpp"

namespace relay::options {

struct Changes {
  std::vector<std::string> applied;        // keys that a reload puts into effect
  std::vector<std::string> needs_restart;  // keys that changed but stay as they are
};
Changes compare(const Options& running, const Options& fresh);

// `running` with those changes of `fresh` that may be applied while running.
Options reloaded(const Options& running, const Options& fresh);

}  // namespace relay::options
