// Settings from environment variables: RELAYD_SECTION__KEY, and names that other systems' documents use.
//
// Pure: the environment is handed in. Any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "options/setting.hpp"

namespace relay::options {

using Environment = std::map<std::string, std::string>;

// The process's own. Not while another thread changes it.
Environment process_environment();

struct EnvironmentLayer {
  Layer layer;                              // aliases first, so that the RELAYD_ name of a key wins
  std::vector<std::string> without_effect;  // variables of the Go bridge that mean nothing here
};
EnvironmentLayer read_environment(const Environment& environment);

// "RELAYD_REDIS__URL" for "redis.url".
std::string variable_of(std::string_view key);

}  // namespace relay::options
