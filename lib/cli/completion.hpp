// What may stand at a place of the command line, for the shells. Made from the command table; what only the
// program knows it adds itself (Program::candidates). One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/program.hpp"

namespace relay::cli {

// `words` are those behind the program's name; the last one is being typed and may be empty.
std::vector<Candidate> candidates(const Program& program, const std::vector<std::string>& words);

// "bash", "zsh" or "fish": the script that calls PROGRAM __complete.
std::string completion_script(const Program& program, std::string_view shell);

// The hidden `PROGRAM __complete WORD...`: a candidate a line, its help behind a tab. Always 0.
int complete(const Program& program, const std::vector<std::string>& words);

}  // namespace relay::cli
