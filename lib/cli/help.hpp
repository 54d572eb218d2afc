// The texts of help, made from the command table and the list of topics. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/program.hpp"

namespace relay::cli {

std::string overview(const Program& program, bool full);               // relayctl -h, relayctl help
std::string noun_help(const Program& program, std::string_view noun);  // its commands
std::string command_help(const Program& program, const Command& command, bool full);
std::string argument_words(const Form& form);  // " CHANNEL [DATA]"

// A topic, a noun, or a command ("channels list").
std::optional<std::string> help_on(const Program& program, std::string_view topic);
// The same for the words of `help WORD...`; without words the overview. A usage failure with the nearest
// name.
Outcome<std::string> help_on(const Program& program, const std::vector<std::string>& words);

}  // namespace relay::cli
