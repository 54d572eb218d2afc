// A column of a table, which is a key of the JSON. Values.
#pragma once

#include <string_view>

namespace relay::cli {

// How a JSON value looks in a table. JSON itself stays exact: bytes, milliseconds, RFC 3339.
enum class Kind {
  kText,
  kNumber,    // 12,345
  kRate,      // a second: 4,118/s
  kBytes,     // 41.3 MiB
  kDuration,  // milliseconds: 3d4h
  kAgo,       // RFC 3339: 7m12s ago
  kTime,      // RFC 3339
  kBool,      // yes, no
  kList,      // array of texts, comma separated
  kObject,    // only in JSON, or by its text
};
enum class Show { kAlways, kWide, kNever };  // kWide: with -o wide; kNever: in machine formats alone

struct Column {
  std::string_view key;      // snake_case
  std::string_view heading;  // "CHANNEL"
  Kind kind = Kind::kText;
  Show show = Show::kAlways;
  std::string_view help = {};  // for the man page
};

}  // namespace relay::cli
