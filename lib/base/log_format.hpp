// One log record as bytes, in each format. Pure; any thread.
//
// Whatever a record holds, it stays one line in text, logfmt and JSON: line ends, other control characters
// (C0, DEL, C1) and the Unicode line separators are escaped, malformed UTF-8 becomes U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace relay::log {

struct Record {
  Level level = Level::kInfo;
  std::int64_t wall_ms = 0;
  std::string_view event;
  std::string_view text;
  std::string_view instance;  // empty: left out
  Fields fields;
};

std::string_view level_name(Level level);  // "debug", "info", "warning", "error"

// 04:05:06 warning storage lost node=10.0.0.1:6379     (local time; colours by level if asked)
std::string format_text(const Record& record, bool colour);

// time=2026-11-21T04:05:06.789Z level=warning event=storage.lost msg="storage lost" instance=a
// node=10.0.0.1:6379
std::string format_logfmt(const Record& record);

// {"time":"…","level":"warning","event":"storage.lost","msg":"storage lost","instance":"a","node":"…"}
std::string format_json(const Record& record);

// A datagram of the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): KEY=value, or for values
// with a line end   KEY \n | length : 8, little endian | value | \n
std::string format_journal(const Record& record);

}  // namespace relay::log
