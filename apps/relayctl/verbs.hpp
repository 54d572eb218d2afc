// Every verb of relayctl, once: path, one line of help, plane, access, what it takes, and the function.
//
// A new verb is a row in verbs.cpp and a file pair under verbs/. Help, completion, man/relayctl.1 and
// completions/ come from here (tests/ctl compares; `ctl_texts update .` writes them). Constant; any thread.
#pragma once

#include <span>
#include <string_view>

#include "verb.hpp"

namespace relay::ctl {

std::span<const Verb> verbs();
const Verb* find_verb(std::string_view path);

}  // namespace relay::ctl
