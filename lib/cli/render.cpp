#include "cli/render.hpp"

#include <algorithm>

#include "cli/human.hpp"
#include "cli/terminal.hpp"

namespace relay::cli {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::size_t kNarrowest = 8;  // a column is not cut below this

bool is_right_aligned(Kind kind) {
  return kind == Kind::kNumber || kind == Kind::kRate || kind == Kind::kBytes || kind == Kind::kDuration;
}

std::string aligned(std::string_view text, std::size_t width, bool right) {
  const std::string pad(width - std::min(width, display_width(text)), ' ');
  return right ? pad + std::string(text) : std::string(text) + pad;
}

// Takes from the widest column until the line fits.
void shrink(std::vector<std::size_t>& widths, std::size_t available) {
  std::size_t total = kGap.size() * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  while (total > available) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kNarrowest) return;
    --*widest;
    --total;
  }
}

std::string joined_line(std::span<const Column> columns, const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += kGap;
    line += aligned(cut(cells[i], widths[i]), widths[i], is_right_aligned(columns[i].kind));
  }
  line.resize(line.find_last_not_of(' ') + 1);
  return line;
}

const Json& value_of(const Json& row, std::string_view key) {
  static const Json kNull;
  const auto found = row.find(std::string(key));
  return found == row.end() ? kNull : *found;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// Plain when YAML 1.2 reads it back as the same string, quoted as JSON otherwise.
std::string yaml_scalar(const Json& value) {
  if (!value.is_string()) return value.dump();
  const std::string& text = value.get_ref<const std::string&>();
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '/' || c == '.';
  });
  static constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool word = std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
  const char first = text.empty() ? '\0' : text.front();
  const bool lettered = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  return plain && !word && lettered ? text : value.dump();
}

void append_yaml(std::string& out, const Json& value, std::size_t indent, bool in_list) {
  const std::string pad(indent, ' ');
  bool first = in_list;  // the dash is already there
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) {
      out += (first ? "" : pad) + yaml_scalar(Json(key)) + ":";
      first = false;
      const bool nested = member.is_structured() && !member.empty();
      out += nested ? "\n" : " " + yaml_scalar(member) + "\n";
      if (nested) append_yaml(out, member, indent + 2, false);
    }
  } else if (value.is_array() && !value.empty()) {
    for (const Json& entry : value) {
      out += (first ? "" : pad) + "- ";
      first = false;
      if (entry.is_structured() && !entry.empty()) {
        append_yaml(out, entry, indent + 2, true);
      } else {
        out += yaml_scalar(entry) + "\n";
      }
    }
  } else {
    out += pad + yaml_scalar(value) + "\n";
  }
}

}  // namespace

std::string bare(const Json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string shown(const Column& column, const Json& value) {
  if (value.is_null()) return "-";
  switch (column.kind) {
    case Kind::kNumber:
      return value.is_number() ? grouped(value.get<std::int64_t>()) : bare(value);
    case Kind::kRate:
      return value.is_number() ? human_rate(value.get<double>()) : bare(value);
    case Kind::kBytes:
      return value.is_number() ? human_bytes(value.get<std::int64_t>()) : bare(value);
    case Kind::kDuration:
      return value.is_number() ? human_duration(value.get<std::int64_t>()) : bare(value);
    case Kind::kAgo: {
      const std::int64_t then = value.is_string() ? parse_rfc3339(value.get_ref<const std::string&>()) : -1;
      if (then < 0) return bare(value);
      return human_duration(std::max<std::int64_t>(0, system_clock().wall_ms() - then)) + " ago";
    }
    case Kind::kBool:
      return value.is_boolean() ? (value.get<bool>() ? "yes" : "no") : bare(value);
    case Kind::kList: {
      if (!value.is_array()) return bare(value);
      std::string out;
      for (const Json& entry : value) out += (out.empty() ? "" : ",") + printable(bare(entry));
      return out.empty() ? "-" : out;
    }
    default: {
      const std::string text = printable(bare(value));
      return text.empty() ? "-" : text;
    }
  }
}

std::string render_table(std::span<const Column> columns, std::span<const Json> rows,
                         const TableStyle& style) {
  if (columns.empty()) return {};
  std::vector<std::vector<std::string>> lines;
  std::vector<std::size_t> widths;
  for (const Column& column : columns) widths.push_back(style.headers ? display_width(column.heading) : 0);
  if (style.widths != nullptr && style.widths->size() == widths.size()) widths = *style.widths;
  for (const Json& row : rows) {
    std::vector<std::string>& cells = lines.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      cells.push_back(shown(columns[i], value_of(row, columns[i].key)));
      widths[i] = std::max(widths[i], display_width(cells.back()));
    }
  }
  if (style.widths != nullptr) *style.widths = widths;
  if (style.width > 0) shrink(widths, style.width);
  std::string out;
  if (style.headers) {
    std::vector<std::string> headings;
    for (const Column& column : columns) headings.emplace_back(column.heading);
    out += painted(joined_line(columns, headings, widths), Ink::kBold, style.color) + "\n";
  }
  for (const auto& cells : lines) out += joined_line(columns, cells, widths) + "\n";
  return out;
}

std::string render_record(std::span<const Column> columns, const Json& object, const TableStyle& style) {
  std::size_t width = 0;
  for (const Column& column : columns) width = std::max(width, display_width(column.heading));
  std::string out;
  for (const Column& column : columns) {
    const std::string value = shown(column, value_of(object, column.key));
    std::string line =
        style.headers
            ? painted(aligned(column.heading, width, false), Ink::kBold, style.color) + std::string(kGap)
            : "";
    const std::size_t room =
        style.width > width + kGap.size() + kNarrowest ? style.width - width - kGap.size() : 0;
    out += line + (room > 0 ? cut(value, room) : value) + "\n";
  }
  return out;
}

std::string render_csv(std::span<const Column> columns, std::span<const Json> rows, bool headers) {
  std::string out;
  const auto line = [&](auto&& cell) {
    for (std::size_t i = 0; i < columns.size(); ++i) out += (i > 0 ? "," : "") + csv_cell(cell(columns[i]));
    out += "\r\n";
  };
  if (headers) line([](const Column& column) { return std::string(column.key); });
  for (const Json& row : rows) {
    line([&](const Column& column) { return bare(value_of(row, column.key)); });
  }
  return out;
}

std::string render_yaml(const Json& value) {
  std::string out;
  append_yaml(out, value, 0, false);
  return out;
}

Outcome<std::string> render_template(std::string_view text, const Json& row) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] == '\\' && (next == 'n' || next == 't' || next == '\\')) {
      out += next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
      ++at;
    } else if ((text[at] == '{' || text[at] == '}') && next == text[at]) {
      out += text[at++];
    } else if (text[at] == '{') {
      const auto end = text.find('}', at);
      if (end == text.npos) return usage("the template has a \"{\" without \"}\"", "write {{ for a brace");
      const std::string key(text.substr(at + 1, end - at - 1));
      if (!row.contains(key)) {
        std::string known;
        for (const auto& [name, value] : row.items()) known += (known.empty() ? "" : ", ") + name;
        return usage("there is no field \"" + key + "\"", "fields: " + known);
      }
      out += bare(row[key]);
      at = end;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace relay::cli
