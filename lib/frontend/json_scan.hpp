// Looking into JSON text without building it: payloads are embedded byte for byte, so that 1e400 or a
// 30-digit number reaches the subscriber as it was sent. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

namespace relay::frontend {

// Objects and arrays may nest so deep: what recurses over JSON elsewhere is safe below it.
inline constexpr int kMaxJsonDepth = 128;

// One JSON value, nested at most kMaxJsonDepth deep.
bool is_acceptable_json(std::string_view text);

// The text of a member's value; of the last one, if the key is repeated. Keys with escapes are not found.
// REQUIRES: is_acceptable_json(object) and it is an object.
std::optional<std::string_view> raw_member(std::string_view object, std::string_view key);

}  // namespace relay::frontend
