// From words to a command and its arguments: the one file that knows CLI11, and what CLI11 lacks.
//
// Unknown words get the nearest name; every mistake is exit code 64; a noun without its command prints its
// commands. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/program.hpp"

namespace relay::cli {

struct CommandLine {
  const Command* command = nullptr;  // of the program
  std::string noun;                  // "channels", when its command is missing
  Arguments arguments;
  std::optional<Failure> failure;

  // The help that was asked for with -h or --help. Nothing if it was not.
  std::optional<std::string> wanted_help(const Program& program) const;
};
CommandLine read_command_line(const Program& program, const std::vector<std::string>& words);

}  // namespace relay::cli
