// relayctl from its words to its exit code. One thread.
#pragma once

#include <string>
#include <vector>

namespace relay::ctl {

int run(const std::vector<std::string>& words);

}  // namespace relay::ctl
