// UTF-8 and JSON text: checking what comes in, escaping what goes out. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relay {

// Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);

// Checks UTF-8 that arrives in pieces (WebSocket fragments): feed() is false at the first byte that can
// no longer be part of a well-formed text, and stays so until reset(); complete() says whether a character is
// left open.
class Utf8Checker {
 public:
  bool feed(std::string_view piece);
  bool complete() const { return state_ == 0; }
  void reset() { state_ = 0; }

 private:
  std::uint32_t state_ = 0;
};

// The text with every malformed sequence replaced by U+FFFD, as Go's encoding/json does (one per bad byte).
std::string repair_utf8(std::string_view text);

// Printable UTF-8 without spaces and controls (C0, DEL, C1, U+00A0, U+2000–200F, U+2028–202F, U+3000,
// U+FEFF): the alphabet of channel names.
bool is_printable_name(std::string_view text);

// Appends `text` as a JSON string with its quotes (RFC 8259 §7). REQUIRES: is_utf8(text).
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

// Appends as Go's encoding/json does: additionally < > & U+2028 U+2029 as \u003c …, malformed UTF-8 as
// U+FFFD.
void append_go_json_string(std::string& out, std::string_view text);

}  // namespace relay
