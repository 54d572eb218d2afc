// What may stand at a place of the command line, for the shells. Made from the verb table; what only a
// running relayd knows is asked for within kPatience, and silence is the answer to every failure. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"

namespace relay::ctl {

inline constexpr Milliseconds kPatience{200};

struct Candidate {
  std::string word;
  std::string help;
};
// `words` are those behind "relayctl"; the last one is being typed and may be empty.
std::vector<Candidate> candidates(const std::vector<std::string>& words);

// "bash", "zsh" or "fish": the script that calls relayctl __complete.
std::string completion_script(std::string_view shell);

// The hidden `relayctl __complete WORD...`: a candidate a line, its help behind a tab. Always 0.
int complete(const std::vector<std::string>& words);

}  // namespace relay::ctl
