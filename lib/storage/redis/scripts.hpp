// The scripts of scripts/*.lua, embedded at build time. Constants; any thread.
#pragma once

#include <string_view>

namespace relay::redis {

extern const std::string_view kAppendScript;
extern const std::string_view kBacklogBeginScript;
extern const std::string_view kBacklogImportScript;
extern const std::string_view kBacklogReplaceScript;
extern const std::string_view kBacklogSettleScript;
extern const std::string_view kBacklogTrimScript;
extern const std::string_view kEpochScript;
extern const std::string_view kInstanceBeatScript;
extern const std::string_view kInstanceListScript;
extern const std::string_view kInstancePurgeScript;
extern const std::string_view kLeaseScript;
extern const std::string_view kPresenceOrphanScript;
extern const std::string_view kPresenceReadScript;
extern const std::string_view kPresenceUpdateScript;

}  // namespace relay::redis
