#include "base/log_format.hpp"

#include <ctime>

#include "base/clock.hpp"
#include "base/hex.hpp"
#include "base/log_events.hpp"
#include "base/text.hpp"

namespace relay::log {
namespace {

struct LevelRow {
  std::string_view name;
  char priority;  // syslog(3)
  std::string_view colour;
};
const LevelRow& row_of(Level level) {
  static constexpr LevelRow kRows[] = {{"debug", '7', "\x1b[2m"},
                                       {"info", '6', "\x1b[32m"},
                                       {"warning", '4', "\x1b[33m"},
                                       {"error", '3', "\x1b[31m"}};
  return kRows[static_cast<std::size_t>(level)];
}

constexpr std::string_view kEscape = "\\x";

bool is_c0(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// At a C1 control (C2 80 … C2 9F). The text is well-formed UTF-8.
bool is_c1(std::string_view text, std::size_t i) {
  return text[i] == '\xc2' && static_cast<unsigned char>(text[i + 1]) < 0xa0;
}

// At U+2028 or U+2029.
bool is_separator(std::string_view text, std::size_t i) {
  const std::string_view character = text.substr(i, 3);
  return character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9";
}

bool has_unsafe(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_c0(text[i]) || is_c1(text, i) || is_separator(text, i)) return true;
  }
  return false;
}

// `quoted`: also the quote and the backslash.
void append_safe(std::string& out, std::string_view raw, bool quoted) {
  const std::string text = repair_utf8(raw);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_c0(text[i])) {
      append_escaped_control(out, static_cast<unsigned char>(text[i]), kEscape);
    } else if (is_c1(text, i)) {
      append_escaped_control(out, static_cast<unsigned char>(text[++i]), kEscape);
    } else if (is_separator(text, i)) {
      out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      if (quoted && (text[i] == '"' || text[i] == '\\')) out.push_back('\\');
      out.push_back(text[i]);
    }
  }
}

void append_value(std::string& out, std::string_view value) {
  const bool bare = !value.empty() && value.find_first_of(" =\"\\") == std::string_view::npos &&
                    is_utf8(value) && !has_unsafe(value);
  if (bare) {
    out += value;
    return;
  }
  out.push_back('"');
  append_safe(out, value, true);
  out.push_back('"');
}

void append_pair(std::string& out, std::string_view key, std::string_view value) {
  if (!out.empty()) out.push_back(' ');
  out += key;
  out.push_back('=');
  append_value(out, value);
}

// JSON allows C1 and U+2028 raw; a terminal or a naive line reader does not take them well.
void append_json(std::string& out, std::string_view raw) {
  std::string text = repair_utf8(raw);
  std::string safe;
  append_json_string(safe, text);
  for (std::size_t i = 0; i < safe.size(); ++i) {
    if (safe[i] == 0x7f) {
      out += "\\u007f";
    } else if (is_c1(safe, i)) {
      out += "\\u00";
      append_hex(out, static_cast<unsigned char>(safe[++i]));
    } else if (is_separator(safe, i)) {
      out += safe[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out.push_back(safe[i]);
    }
  }
}

void append_json_pair(std::string& out, std::string_view key, std::string_view value, bool is_number) {
  out += out.empty() ? "{" : ",";
  append_json(out, key);
  out.push_back(':');
  if (is_number) {
    out += value;
  } else {
    append_json(out, value);
  }
}

void append_journal(std::string& out, std::string_view key, std::string_view value) {
  out += key;
  if (value.find('\n') == std::string_view::npos) {
    out.push_back('=');
  } else {
    out.push_back('\n');
    for (int shift = 0; shift < 64; shift += 8) {
      out.push_back(static_cast<char>(static_cast<std::uint64_t>(value.size()) >> shift & 0xff));
    }
  }
  out += value;
  out.push_back('\n');
}

// The journal takes A-Z, 0-9 and '_', at most 64 bytes.
std::string journal_key(std::string_view key) {
  std::string name = "RELAYD_";
  for (const char c : key.substr(0, 64 - name.size())) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name.push_back(lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_');
  }
  return name;
}

std::string local_time(std::int64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%H:%M:%S", &parts)};
}

}  // namespace

std::string_view level_name(Level level) {
  return row_of(level).name;
}

std::string format_text(const Record& record, bool colour) {
  const LevelRow& level = row_of(record.level);
  std::string fields;
  for (const Field& field : record.fields) append_pair(fields, field.key, field.value.text());

  std::string line = local_time(record.wall_ms) + ' ';
  if (colour) line += level.colour;
  line += level.name;
  if (colour) line += "\x1b[0m";
  line.push_back(' ');
  append_safe(line, record.text, false);
  if (!fields.empty()) line += ' ' + fields;
  line.push_back('\n');
  return line;
}

std::string format_logfmt(const Record& record) {
  std::string line;
  append_pair(line, "time", rfc3339(record.wall_ms));
  append_pair(line, "level", level_name(record.level));
  append_pair(line, "event", record.event);
  append_pair(line, "msg", record.text);
  if (!record.instance.empty()) append_pair(line, "instance", record.instance);
  for (const Field& field : record.fields) append_pair(line, field.key, field.value.text());
  line.push_back('\n');
  return line;
}

std::string format_json(const Record& record) {
  std::string line;
  append_json_pair(line, "time", rfc3339(record.wall_ms), false);
  append_json_pair(line, "level", level_name(record.level), false);
  append_json_pair(line, "event", record.event, false);
  append_json_pair(line, "msg", record.text, false);
  if (!record.instance.empty()) append_json_pair(line, "instance", record.instance, false);
  for (const Field& field : record.fields) {
    append_json_pair(line, field.key, field.value.text(), field.value.is_number());
  }
  line += "}\n";
  return line;
}

std::string format_journal(const Record& record) {
  std::string datagram;
  append_journal(datagram, "MESSAGE", record.text);
  const auto id = message_id(record.event);
  append_journal(datagram, "MESSAGE_ID", {id.data(), id.size()});
  append_journal(datagram, "PRIORITY", std::string_view(&row_of(record.level).priority, 1));
  append_journal(datagram, "SYSLOG_IDENTIFIER", "relayd");
  append_journal(datagram, "RELAYD_EVENT", record.event);
  if (!record.instance.empty()) append_journal(datagram, "RELAYD_INSTANCE", record.instance);
  for (const Field& field : record.fields)
    append_journal(datagram, journal_key(field.key), field.value.text());
  return datagram;
}

}  // namespace relay::log
