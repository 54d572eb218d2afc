// relaybench from its words to its exit code. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relay::bench {

// `commit` is what results say they were measured with (commit.hpp).
int invoke(const std::vector<std::string>& words, std::string_view commit);

}  // namespace relay::bench
