// The traceparent header of W3C Trace Context (https://www.w3.org/TR/trace-context/#traceparent-header),
// which goes with a message from its publisher to those who read it as JSON. Any thread.
#pragma once

#include <string_view>

namespace relay::frontend {

// VERSION-TRACE-PARENT-FLAGS in lower-case hex, 2, 32, 16 and 2 digits. As the standard has it, anything else
// counts as none; so what is kept beside a payload is bounded.
inline bool is_traceparent(std::string_view text) {
  const auto hex = [&](std::size_t at, std::size_t count) {
    const std::string_view digits = text.substr(at, count);
    return digits.find_first_not_of("0123456789abcdef") == digits.npos;
  };
  const auto nonzero = [&](std::size_t at, std::size_t count) {
    return text.substr(at, count).find_first_not_of('0') != text.npos;
  };
  return text.size() == 55 && text[2] == '-' && text[35] == '-' && text[52] == '-' && hex(0, 2) &&
         !text.starts_with("ff") && hex(3, 32) && nonzero(3, 32) && hex(36, 16) && nonzero(36, 16) &&
         hex(53, 2);
}

}  // namespace relay::frontend
