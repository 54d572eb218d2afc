// The scripts of scripts/*.lua, embedded at build time. Constants; any thread.
#pragma once

#include <string_view>

namespace relay::redis {

extern const std::string_view kAppendScript;
extern const std::string_view kEpochScript;

}  // namespace relay::redis
