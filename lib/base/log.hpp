// The log: one event, one line, with fields. Any thread.
//
// `event` is a stable dotted name ("storage.lost"), `text` a sentence for people, fields are key=value.
// Formats (docs: relayd(8), LOGGING): text for a terminal, logfmt, json, and the journal's native protocol;
// `auto` picks the journal when stderr is it, text on a terminal, logfmt otherwise.
// Nothing a client sends is logged above debug, and repeated warnings of one event collapse: five lines in
// ten seconds, then one line that says how many were suppressed, with the next line or flush() after the
// window. A line that cannot be written is lost; logging never fails its caller and never blocks on the
// journal for long.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace relay::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kAuto, kText, kLogfmt, kJson, kJournal };

struct Settings {
  Level level = Level::kInfo;
  Format format = Format::kAuto;
  std::string file;      // empty: stderr
  std::string instance;  // added to every line of the machine formats
};

// A value of a field: text or a whole number. Owns its text.
class Value {
 public:
  Value(std::string_view text) : text_(text) {}    // NOLINT: fields read as {"node", name}
  Value(const char* text) : text_(text) {}         // NOLINT
  Value(const std::string& text) : text_(text) {}  // NOLINT
  template <class Int>
    requires std::is_integral_v<Int>
  Value(Int number) : text_(std::to_string(number)), is_number_(true) {}  // NOLINT
  const std::string& text() const { return text_; }
  bool is_number() const { return is_number_; }

 private:
  std::string text_;
  bool is_number_ = false;
};

struct Field {
  std::string_view key;  // snake_case; not one of time, level, event, msg, instance
  Value value;
};
using Fields = std::initializer_list<Field>;

// Before the first line, and again on reload. Returns an empty string, or why the file could not be opened.
std::string configure(const Settings& settings);
void set_level(Level level);
Level level();
void reopen();  // after the file was moved away (SIGUSR1)
void flush();   // says what was suppressed in windows that are over

bool enabled(Level level);
void write(Level level, std::string_view event, std::string_view text, Fields fields = {});

inline void debug(std::string_view event, std::string_view text, Fields fields = {}) {
  if (enabled(Level::kDebug)) write(Level::kDebug, event, text, fields);
}
inline void info(std::string_view event, std::string_view text, Fields fields = {}) {
  write(Level::kInfo, event, text, fields);
}
inline void warning(std::string_view event, std::string_view text, Fields fields = {}) {
  write(Level::kWarning, event, text, fields);
}
inline void error(std::string_view event, std::string_view text, Fields fields = {}) {
  write(Level::kError, event, text, fields);
}

}  // namespace relay::log
