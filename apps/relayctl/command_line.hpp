// From words to a verb and its arguments: the one file that knows CLI11, and what CLI11 lacks.
//
// Unknown words get the nearest name; every mistake is exit code 64; a noun without its verb prints its
// verbs. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "verb.hpp"

namespace relay::ctl {

// The flags that every verb takes, in groups for help and man page.
struct FlagGroup {
  std::string_view title;
  std::vector<Flag> flags;
};
std::span<const FlagGroup> common_flags();

std::string_view key_of(const Flag& flag);  // "--limit" of "-n,--limit"

struct CommandLine {
  const Verb* verb = nullptr;
  std::string noun;  // "channels", when its verb is missing
  Arguments arguments;
  std::optional<Failure> failure;
};
CommandLine read_command_line(const std::vector<std::string>& words);

}  // namespace relay::ctl
