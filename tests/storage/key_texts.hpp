// The part of relay-redis(7) that is made from key_table.hpp, as mdoc(7).
#pragma once

#include <string>

#include "storage/redis/key_table.hpp"

namespace relay::test {

inline constexpr const char* kKeysBegin = ".\\\" BEGIN KEYS (written by redis_key_texts)\n";
inline constexpr const char* kKeysEnd = ".\\\" END KEYS\n";

inline std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '"' ? std::string("\\(dq") : c == '-' ? std::string("\\-") : std::string(1, c);
  return out;
}

// Sentences on lines of their own, as mdoc wants them, of at most 78 characters.
inline std::string paragraph(std::string_view text) {
  std::string out, line;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == text.npos ? std::string_view() : text.substr(space + 1);
    if (!line.empty() && line.size() + 1 + roff(word).size() > 78) out += line + '\n', line.clear();
    line += (line.empty() ? "" : " ") + roff(word);
    if (word.ends_with('.') && !word.ends_with("...")) out += line + '\n', line.clear();
  }
  return line.empty() ? out : out + line + '\n';
}

inline std::string man_keys() {
  std::string out;
  for (const redis::KeyRow& row : redis::kKeyRows) {
    out += ".It Li " + roff(row.name) + " Pq " + std::string(name_of(row.type)) + '\n' + paragraph(row.holds);
    if (row.type != redis::KeyType::kTopic)
      out += (row.expires ? "Expires: " : "Goes: ") + paragraph(row.goes);
    out += "Used by: " + paragraph(row.used_by);
  }
  return out;
}

}  // namespace relay::test
