#include "options/man_page.hpp"

#include "base/bytes.hpp"
#include "options/table.hpp"

namespace relay::options {
namespace {

constexpr std::size_t kTextWidth = 78;

// Text as roff prints it: no escape begins by accident, quotes and hyphens stay as typed.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '"':
        out += "\\(dq";
        break;
      case '-':
        out += "\\-";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// A sentence in lines of at most 78 characters, none of which is taken for a macro.
std::string paragraph(std::string_view text) {
  std::string out;
  std::string line;
  for (const std::string_view word : split(text, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() > kTextWidth) {
      out += line + "\n";
      line.clear();
    }
    if (line.empty() && (word.starts_with('.') || word.starts_with('\''))) line = "\\&";
    line += (line.empty() || line == "\\&" ? "" : " ") + std::string(word);
  }
  return out + line + "\n";
}

// One argument of a macro, whatever is in it.
std::string argument(std::string_view text) {
  return "\"" + roff(text) + "\"";
}

std::string bound(const Row& row, std::int64_t number) {
  if (row.type == Type::kDuration) return format_duration(Milliseconds(number));
  return row.type == Type::kBytes ? format_bytes(number) : std::to_string(number);
}

std::string choices_text(const Row& row) {
  std::string out = "One of\n";
  for (std::size_t i = 0; i < row.choices.size(); ++i) {
    const bool is_last = i + 1 == row.choices.size();
    out += ".Ql " + std::string(row.choices[i]) +
           (is_last                       ? " .\n"
            : i + 2 == row.choices.size() ? "\nor\n"
                                          : " ,\n");
  }
  return out;
}

std::string type_text(const Row& row) {
  switch (row.type) {
    case Type::kChoice:
      return choices_text(row);
    case Type::kString:
      return "A string.\n";
    case Type::kBool:
      return "A boolean.\n";
    case Type::kList:
      return "A list of strings.\n";
    case Type::kCount:
    case Type::kBytes:
    case Type::kDuration:
      break;
  }
  return "A " + type_name(row.type) + " from " + bound(row, row.min) + " to " + bound(row, row.max) + ".\n";
}

std::string default_text(const Row& row, const Options& defaults) {
  const std::string value = toml_value(row, get(row, defaults));
  if (value == "\"\"" || value == "[]") return "Empty by default.\n";
  return "The default is\n.Ql " + argument(value) + " .\n";
}

std::string twin_text(const Row& row) {
  if (row.secrecy != Secrecy::kSecret) return {};
  return "A secret:\n.Ic " + std::string(row.key) + "_file\nnames a file that holds it instead" +
         (row.type == Type::kList ? ", one a line.\n" : ".\n");
}

std::string entry(const Row& row, const Options& defaults) {
  return ".It Ic " + std::string(row.key) + "\n" + paragraph(roff(row.help) + ".") + type_text(row) +
         default_text(row, defaults) + twin_text(row) +
         (row.reload == Reload::kAtOnce ? "A reload applies it.\n" : "A change needs a restart.\n");
}

std::string heading(std::string_view section) {
  return section.empty() ? ".Ss The top level\n" : ".Ss The " + std::string(section) + " section\n";
}

std::string unit_text(Unit unit) {
  switch (unit) {
    case Unit::kPlain:
      return {};
    case Unit::kSeconds:
      return "in seconds";
    case Unit::kMilliseconds:
      return "in milliseconds";
    case Unit::kSecondsAfterDelay:
      return "in seconds, counted from the end of drain.delay";
    case Unit::kPort:
      return "a port, on every address of the machine";
    case Unit::kLevel:
      return "also by the names that logrus gives to levels";
    case Unit::kStorage:
      return "where valkey means redis";
  }
  return {};
}

}  // namespace

std::string man_keys() {
  const Options defaults;
  std::string out;
  std::string_view section = "none yet";
  for (const Row& row : rows()) {
    if (section_of(row.key) != section) {
      if (!out.empty()) out += ".El\n";
      section = section_of(row.key);
      out += heading(section) + ".Bl -tag -width Ds\n";
    }
    out += entry(row, defaults);
  }
  return out + ".El\n";
}

std::string man_aliases() {
  std::string out = ".Bl -tag -width Ds\n";
  for (const Row& row : rows()) {
    for (const Alias& alias : row.aliases) {
      const std::string unit = unit_text(alias.unit);
      out += ".It Ev " + std::string(alias.name) + "\n.Ic " + std::string(row.key);
      out += unit.empty() ? " .\n" : " ,\n" + unit + ".\n";
    }
  }
  return out + ".El\n";
}

}  // namespace relay::options
