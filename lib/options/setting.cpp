#include "options/setting.hpp"

#include <algorithm>

namespace relay::options {
namespace {

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string position_of(const Place& place) {
  return place.name + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

// Blanks up to the column, with tabs kept so that the caret stands right whatever a tab's width is.
std::string indent_of(const Place& place) {
  std::string indent;
  for (const char c : place.source) {
    if (static_cast<int>(indent.size()) + 1 >= place.column) break;
    const bool is_continuation = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!is_continuation) indent += c == '\t' ? '\t' : ' ';
  }
  return indent;
}

std::string render_source(const Place& place) {
  const std::string number = std::to_string(place.line);
  const std::string tail(static_cast<std::size_t>(std::max(place.width - 1, 0)), '~');
  return "  " + number + " | " + place.source + "\n  " + std::string(number.size(), ' ') + " | " +
         indent_of(place) + "^" + tail + "\n";
}

// The key of another section that has this very leaf, if there is just one.
std::string same_leaf_elsewhere(std::string_view leaf) {
  std::string found;
  for (const std::string& key : all_keys()) {
    if (leaf_of(key) != leaf) continue;
    if (!found.empty()) return {};
    found = key;
  }
  return found;
}

std::string suggest(std::string_view section, std::string_view leaf) {
  if (section == "namespace") return "write [namespace.NAME] above it, with the namespace's own name";
  if (const auto name = nearest(leaf, leaves_of(section))) return "did you mean " + in_quotes(*name) + "?";
  if (find_key(leaf)) return in_quotes(leaf) + " belongs at the top, before the first [section]";
  const std::string elsewhere = same_leaf_elsewhere(leaf);
  return elsewhere.empty() ? std::string() : "did you mean " + in_quotes(elsewhere) + "?";
}

}  // namespace

std::string origin_of(const Place& place) {
  return place.line == 0 ? place.name : place.name + ":" + std::to_string(place.line);
}

std::string render(const Diagnostic& diagnostic) {
  const Place& place = diagnostic.place;
  std::string out = place.line == 0 ? place.name : position_of(place);
  out += ": error: " + diagnostic.message + "\n";
  if (place.line != 0) out += render_source(place);
  if (!diagnostic.help.empty()) out += "  help: " + diagnostic.help + "\n";
  return out;
}

Diagnostic unknown_key(Place place, std::string_view key) {
  const std::string_view section = section_of(key);
  const std::string_view leaf = leaf_of(key);
  const std::string where = section.empty() ? " at the top level" : " in [" + std::string(section) + "]";
  return {std::move(place), "unknown key " + in_quotes(leaf) + where, suggest(section, leaf)};
}

}  // namespace relay::options
