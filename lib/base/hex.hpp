// Single hexadecimal digits, for codecs that take or give them one at a time. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace relay {

// Of a digit in either case; -1 for anything else.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A byte as two digits in lower case.
inline void append_hex(std::string& out, unsigned char byte) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out.push_back(kDigits[byte >> 4]);
  out.push_back(kDigits[byte & 15]);
}

// A control character as \n, \r, \t or `prefix` and two digits.
inline void append_escaped_control(std::string& out, unsigned char c, std::string_view prefix) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += prefix;
      append_hex(out, c);
  }
}

}  // namespace relay
