#include "options/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bytes.hpp"
#include "options/redis_url.hpp"

namespace relay::options {
namespace {

constexpr std::string_view kPrefix = "RELAYD_";

// The Go bridge reads these (or once did); relayd has nothing that they could set.
constexpr std::array<std::string_view, 4> kWithoutEffect{"PPROF_ENABLED", "CONNECT_CACHE_SIZE",
                                                         "ENABLE_TRANSFERED_CACHE", "ENABLE_EXPIRED_CACHE"};
constexpr std::array<std::string_view, 4> kWithoutEffectPrefixes{"TON_ANALYTICS_", "NTP_", "POSTGRES_",
                                                                 "DISCONNECT_EVENT"};

bool is_without_effect(std::string_view name) {
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  return std::find(kWithoutEffect.begin(), kWithoutEffect.end(), name) != kWithoutEffect.end() ||
         std::any_of(kWithoutEffectPrefixes.begin(), kWithoutEffectPrefixes.end(), begins);
}

Place place_of(std::string_view name) {
  return {"environment " + std::string(name), 0, 0, 1, {}};
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

std::string level_text(std::string_view text) {
  const std::string level = to_lower(text);
  if (level == "warn") return "warning";
  if (level == "trace") return "debug";
  return level == "fatal" || level == "panic" ? "error" : level;
}

// The alias's text as the option's own: units added, foreign words translated.
std::string translate(Unit unit, std::string_view text) {
  switch (unit) {
    case Unit::kSeconds:
    case Unit::kSecondsAfterDelay:
      return std::string(text) + (is_number(text) ? "s" : "");
    case Unit::kMilliseconds:
      return std::string(text) + (is_number(text) ? "ms" : "");
    case Unit::kPort:
      return (is_number(text) ? ":" : "") + std::string(text);
    case Unit::kLevel:
      return level_text(text);
    case Unit::kStorage:
      return equals_ignore_case(text, "valkey") ? "redis" : to_lower(text);
    case Unit::kPlain:
      break;
  }
  return std::string(text);
}

void add(Layer& layer, const KeyMatch& match, std::string_view name, std::string_view text) {
  auto value = match.from_file ? Result<Value>(Value(std::string(text))) : parse_value(*match.row, text);
  if (!value) {
    layer.errors.push_back({place_of(name), value.error().message, {}});
    return;
  }
  layer.settings.push_back({match, std::move(*value), place_of(name)});
}

// Parameters that go-redis knows and relayd does not are said, not refused.
void warn_of_ignored_parameters(Layer& layer, std::string_view name, std::string_view text) {
  const auto url = parse_redis_url(text);
  if (!url) return;
  for (const std::string& parameter : url->ignored) {
    layer.warnings.push_back(std::string(name) + ": the parameter " + parameter + " has no effect");
  }
}

void read_alias(Layer& layer, const Row& row, const Alias& alias, const Environment& environment) {
  const auto found = environment.find(std::string(alias.name));
  if (found == environment.end() || found->second.empty()) return;
  add(layer, {&row, std::string(row.key), false}, alias.name, translate(alias.unit, found->second));
  if (row.secrecy == Secrecy::kUrl) warn_of_ignored_parameters(layer, alias.name, found->second);
}

// "redis.url" for "RELAYD_REDIS__URL".
std::string key_of(std::string_view variable) {
  std::string key;
  std::string_view rest = variable.substr(kPrefix.size());
  for (auto at = rest.find("__"); at != rest.npos; at = rest.find("__")) {
    key += to_lower(rest.substr(0, at)) + ".";
    rest.remove_prefix(at + 2);
  }
  return key + to_lower(rest);
}

void report_unknown(Layer& layer, const std::string& name) {
  std::vector<std::string> known;
  for (const std::string& key : all_keys()) known.push_back(variable_of(key));
  const auto near = nearest(name, known);
  layer.errors.push_back(
      {place_of(name), "no option has this name", near ? "did you mean " + *near + "?" : ""});
}

}  // namespace

std::string variable_of(std::string_view key) {
  std::string name(kPrefix);
  for (const char c : key) {
    if (c == '.') {
      name += "__";
    } else {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return name;
}

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const auto equals = pair.find('=');
    if (equals != pair.npos) environment.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return environment;
}

EnvironmentLayer read_environment(const Environment& environment) {
  EnvironmentLayer result;
  for (const Row& row : rows()) {
    for (const Alias& alias : row.aliases) read_alias(result.layer, row, alias, environment);
  }
  for (const auto& [name, text] : environment) {
    if (is_without_effect(name)) result.without_effect.push_back(name);
    if (!name.starts_with(kPrefix)) continue;
    const auto match = find_key(key_of(name));
    if (match) {
      add(result.layer, *match, name, text);
    } else {
      report_unknown(result.layer, name);
    }
  }
  return result;
}

}  // namespace relay::options
