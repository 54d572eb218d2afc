#include "frontend/json_scan.hpp"

#include <nlohmann/json.hpp>

namespace relay::frontend {
namespace {

// Just behind the string that starts at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
    ++at;
  return at;
}

// Just behind the value that starts at `at`.
std::size_t skip_value(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;  // the end of what holds a bare number or word
      if (--depth == 0) return at + 1;
    }
    if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r')) return at;
    ++at;
  }
  return at;
}

bool depth_within(std::string_view text, int max) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = skip_string(text, at);
      continue;
    }
    if (text[at] == '{' || text[at] == '[') ++depth;
    if (text[at] == '}' || text[at] == ']') --depth;
    if (depth > max) return false;
    ++at;
  }
  return true;
}

}  // namespace

bool is_acceptable_json(std::string_view text) {
  // The parser takes a NUL between tokens for the end: what stands behind it would be embedded unseen.
  if (text.find('\0') != std::string_view::npos) return false;
  return depth_within(text, kMaxJsonDepth) && nlohmann::json::accept(text);
}

std::optional<std::string_view> raw_member(std::string_view object, std::string_view key) {
  std::optional<std::string_view> found;
  std::size_t at = skip_space(object, 0) + 1;
  while (true) {
    at = skip_space(object, at);
    if (at >= object.size() || object[at] != '"') return found;
    const std::size_t name_end = skip_string(object, at);
    const std::string_view name = object.substr(at + 1, name_end - at - 2);
    at = skip_space(object, skip_space(object, name_end) + 1);  // over the colon
    const std::size_t value_end = skip_value(object, at);
    if (name == key) found = object.substr(at, value_end - at);
    at = skip_space(object, value_end);
    if (at < object.size() && object[at] == ',') ++at;
  }
}

}  // namespace relay::frontend
