// The options as TOML: those in effect, and the commented sample. Pure; any thread.
#pragma once

#include <string>

#include "options/load.hpp"

namespace relay::options {

// Every option with its value, secrets masked; with where it came from as a comment if `with_origin`.
std::string effective_config(const Loaded& loaded, bool with_origin);

// packaging/relayd.toml: every option commented out at its default, with what it does.
std::string default_config();

}  // namespace relay::options
