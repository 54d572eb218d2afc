// Every option of relayd, once: one row drives parsing, bounds, environment names, help, printing, the man
// page and what a reload may change. Defaults stand in options.hpp, beside the fields.
//
// To add an option: one field in options.hpp, one row in table.cpp. The table is constant; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "options/options.hpp"
#include "options/value.hpp"

namespace relay::options {

enum class Type { kString, kChoice, kBool, kCount, kBytes, kDuration, kList };

enum class Reload {
  kAtOnce,   // SIGHUP applies it
  kRestart,  // SIGHUP names it as waiting for a restart
};

enum class Secrecy {
  kNone,
  kUrl,     // a URL whose password is masked
  kSecret,  // masked whole; KEY_file names a file to read it from
};

// How the text of an alias environment variable becomes the text of the option.
enum class Unit {
  kPlain,
  kSeconds,            // a bare number is seconds
  kMilliseconds,       // a bare number is milliseconds
  kSecondsAfterDelay,  // as kSeconds, counted from the end of drain.delay
  kPort,               // a port, on every address
  kLevel,              // logrus level names
  kStorage,            // valkey is redis
};

struct Alias {
  std::string_view name;
  Unit unit;
};

// Where a row's value lives in Options; the alternative fixes the C++ type.
using Field = std::variant<std::string& (*)(Options&), bool& (*)(Options&), std::int64_t& (*)(Options&),
                           Milliseconds& (*)(Options&), std::vector<std::string>& (*)(Options&)>;
using Check = std::string (*)(std::string_view);  // why a text is wrong, or nothing

struct Row {
  std::string_view key;  // "redis.url"; [channel] rows also serve every [namespace.NAME]
  Field field;
  Type type = Type::kString;
  std::int64_t min = 0;  // of counts, bytes and milliseconds
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string_view> choices = {};
  Check check = nullptr;  // of a string, or of each entry of a list
  Reload reload = Reload::kRestart;
  Secrecy secrecy = Secrecy::kNone;
  std::vector<Alias> aliases = {};
  std::string_view help = {};     // one sentence without a full stop
  std::string_view example = {};  // TOML value for the sample where the default is empty
};

std::span<const Row> rows();  // in the order of the sample file: top level first, then section by section

std::string_view section_of(std::string_view key);  // "redis" of "redis.url"; empty at the top level
std::string_view leaf_of(std::string_view key);     // "url" of "redis.url"

// A key as someone wrote it, found in the table.
struct KeyMatch {
  const Row* row = nullptr;
  std::string key;  // the key that gets the value: without "_file"; "namespace.chat.max_age" stays whole
  bool from_file = false;  // the value names a file that holds the secret
};
std::optional<KeyMatch> find_key(std::string_view key);

// "namespace.NAME.leaf" taken apart; nothing for other keys. NAME may contain dots.
struct NamespaceKey {
  std::string_view name;
  std::string_view leaf;
};
std::optional<NamespaceKey> namespace_key(std::string_view key);

// The name nearest to a misspelt one, when it is near enough to be meant: at most a third of the letters off.
std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates);
std::vector<std::string> all_keys();  // with "_file" twins, without namespaces
std::vector<std::string> all_sections();
std::vector<std::string> leaves_of(std::string_view section);

// REQUIRES: the value's alternative is the field's.
Value get(const Row& row, const Options& options);
void set(const Row& row, Options& options, Value value);
// As get() and set() for a row of [channel] on one namespace's settings.
Value get(const Row& row, const ChannelKeep& keep);
void set(const Row& row, ChannelKeep& keep, Value value);

// The text of a flag or a variable as a value of the row's type, checked against the row's bounds.
Result<Value> parse_value(const Row& row, std::string_view text);
// Why a value of the right type is refused (bounds, choices, form), or nothing.
std::string check_value(const Row& row, const Value& value);

std::string toml_value(const Row& row, const Value& value);    // as the sample and --print-config show it
std::string masked_value(const Row& row, const Value& value);  // the same with secrets as "***"
std::string type_name(Type type);                              // for man pages and errors: "duration"

}  // namespace relay::options
