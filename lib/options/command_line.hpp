// The flags of relayd. Pure: nothing is read or printed; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "options/setting.hpp"

namespace relay::options {

enum class Action {
  kRun,
  kCheck,
  kCheckFull,
  kPrintConfig,
  kPrintConfigOrigin,
  kPrintDefaultConfig,
  kHelp,
  kVersion
};

struct CommandLine {
  Action action = Action::kRun;
  std::optional<std::string> config;  // --config
  Layer layer;                        // any error is a usage error
};
CommandLine read_command_line(int argc, const char* const* argv);

struct Flag {
  std::string_view name;   // "--listen"
  std::string_view value;  // "ADDRESS"; "[=full]" where it may be left out; empty: a switch
  std::string_view key;    // the option it sets; empty: none
  std::string_view help;
};
std::span<const Flag> flags();

std::string help_text();     // one screen
std::string version_text();  // "relayd 0.1.0\n"

}  // namespace relay::options
