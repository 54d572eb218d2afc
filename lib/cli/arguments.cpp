#include "cli/arguments.hpp"

#include "options/value.hpp"

namespace relay::cli {
namespace {

Failure bad_value(std::string_view name, std::string_view text, std::string_view expected) {
  return usage("\"" + std::string(text) + "\" is no value for " + std::string(name),
               "expected " + std::string(expected));
}

}  // namespace

std::string Arguments::text_or(std::string_view name, std::string_view otherwise) const {
  return has(name) ? text(name) : std::string(otherwise);
}

const std::vector<std::string>& Arguments::all(std::string_view name) const {
  static const std::vector<std::string> kNone;
  const auto found = values_.find(name);
  return found == values_.end() ? kNone : found->second;
}

Outcome<Milliseconds> Arguments::duration(std::string_view name, Milliseconds otherwise) const {
  if (!has(name)) return otherwise;
  const auto value = options::parse_duration(text(name));
  if (!value) return bad_value(name, text(name), "a duration such as 30s, 500ms, 5m");
  return *value;
}

Outcome<std::int64_t> Arguments::count(std::string_view name, std::int64_t otherwise, std::int64_t min,
                                       std::int64_t max) const {
  if (!has(name)) return otherwise;
  const auto value = options::parse_count(text(name));
  if (!value || *value < min || *value > max) {
    return bad_value(name, text(name), "a number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return *value;
}

}  // namespace relay::cli
