// What completion offers beyond the table: names that a running relayd knows, profiles, options.
//
// relayd is asked within kPatience, and silence is the answer to every failure. One thread.
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "cli/program.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

inline constexpr Milliseconds kPatience{200};

void add_live_names(std::vector<Candidate>& out, Words words, const Arguments& given);

}  // namespace relay::ctl
