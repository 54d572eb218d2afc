// Every command of relaybench, once: name, one line of help, what it takes, and the function.
//
// A new command is a row in commands.cpp and a file pair under commands/; a new ready-made load is a row in
// loads.cpp. Help, completion, man/relaybench.1 and completions/ come from here (tests/bench compares;
// `bench_texts update .` writes them). Constant; any thread.
#pragma once

#include <span>
#include <string_view>

#include "cli/program.hpp"
#include "commands/command.hpp"

namespace relay::bench {

std::span<const Command> commands();
const Command* find_command(std::string_view name);
// What lib/cli makes parser, help, completion and man page from.
const cli::Program& program();

}  // namespace relay::bench
