// relaybench from its words to its exit code. One thread.
#pragma once

#include <string>
#include <vector>

namespace relay::bench {

int invoke(const std::vector<std::string>& words);

}  // namespace relay::bench
