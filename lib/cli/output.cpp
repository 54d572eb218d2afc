#include "cli/output.hpp"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/bytes.hpp"
#include "cli/render.hpp"
#include "cli/terminal.hpp"
#include "options/table.hpp"

namespace relay::cli {
namespace {

struct FormatName {
  std::string_view name;
  Format format;
};
constexpr std::array<FormatName, 7> kFormats{{{"table", Format::kTable},
                                              {"wide", Format::kWide},
                                              {"json", Format::kJson},
                                              {"jsonl", Format::kJsonl},
                                              {"yaml", Format::kYaml},
                                              {"csv", Format::kCsv},
                                              {"name", Format::kName}}};
constexpr std::string_view kTemplate = "template=";

// One --filter: "state=up", "state!=up", "channel~chat:*".
struct Condition {
  std::string key;
  enum class Op { kEqual, kUnequal, kLike } op = Op::kEqual;
  std::string value;
};

Outcome<Condition> parse_condition(const std::string& text) {
  const auto at = text.find_first_of("=!~");
  const bool unequal = at != text.npos && text.compare(at, 2, "!=") == 0;
  if (at == text.npos || at == 0 || (text[at] == '!' && !unequal)) {
    return usage("\"" + text + "\" is no filter", "write KEY=VALUE, KEY!=VALUE or KEY~PATTERN");
  }
  const auto op = unequal           ? Condition::Op::kUnequal
                  : text[at] == '~' ? Condition::Op::kLike
                                    : Condition::Op::kEqual;
  return Condition{text.substr(0, at), op, text.substr(at + (unequal ? 2 : 1))};
}

bool holds(const Condition& condition, const Json& row) {
  const auto found = row.find(condition.key);
  const std::string text = found == row.end() ? std::string() : bare(*found);
  switch (condition.op) {
    case Condition::Op::kEqual:
      return text == condition.value;
    case Condition::Op::kUnequal:
      return text != condition.value;
    case Condition::Op::kLike:
      return ::fnmatch(condition.value.c_str(), text.c_str(), 0) == 0;
  }
  return false;
}

std::optional<Failure> unknown_key(std::span<const Column> columns, const std::string& key) {
  std::vector<std::string> known;
  std::string list;
  for (const Column& column : columns) {
    if (column.key == key) return {};
    known.emplace_back(column.key);
    list += (list.empty() ? "" : ", ") + std::string(column.key);
  }
  const auto near = options::nearest(key, known);
  return usage("there is no column \"" + key + "\"",
               (near ? "did you mean \"" + *near + "\"?  " : "") + "columns: " + list);
}

bool less(const Json& a, const Json& b, const std::string& key) {
  static const Json kNull;
  const Json& left = a.contains(key) ? a[key] : kNull;
  const Json& right = b.contains(key) ? b[key] : kNull;
  if (left.is_number() && right.is_number()) return left < right;
  return bare(left) < bare(right);
}

Outcome<void> write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0)
      return Failure{
          exit_code::kIo, "cannot write to standard output", std::generic_category().message(errno), {}};
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

}  // namespace

Outcome<Output> Output::make(const Arguments& arguments) {
  Output output;
  const std::string format = arguments.text_or("--output", "table");
  const auto named =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const FormatName& f) { return f.name == format; });
  if (format.starts_with(kTemplate)) {
    output.format_ = Format::kTemplate;
    output.template_ = format.substr(kTemplate.size());
  } else if (named != kFormats.end()) {
    output.format_ = named->format;
  } else {
    return usage("\"" + format + "\" is no output format",
                 "one of: table, wide, json, jsonl, yaml, csv, name, template=TEXT");
  }
  output.headers_ = !arguments.has("--no-headers");
  output.color_ = wants_color(arguments.text_or("--color", "auto"), STDOUT_FILENO);
  output.terminal_columns_ = terminal_columns(STDOUT_FILENO);
  output.sort_by_ = arguments.text_or("--sort-by", "");
  output.filters_ = arguments.all("--filter");
  for (const std::string& list : arguments.all("--columns")) {
    for (const std::string& key : options::parse_list(list)) output.keys_.push_back(key);
  }
  const auto limit = arguments.count("--limit", -1, 0, 1'000'000'000);
  if (!limit) return limit.error();
  output.limit_ = *limit;
  return output;
}

// The columns to show, in their order: those of --columns, or those of the format.
Outcome<std::vector<Column>> Output::chosen(std::span<const Column> columns) const {
  std::vector<Column> out;
  for (const std::string& key : keys_) {
    if (auto unknown = unknown_key(columns, key)) return *unknown;
    out.push_back(
        *std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.key == key; }));
  }
  if (!keys_.empty()) return out;
  for (const Column& column : columns) {
    const bool shown = column.show == Show::kAlways ||
                       (column.show == Show::kWide && format_ == Format::kWide) || !for_people();
    if (shown) out.push_back(column);
  }
  return out;
}

Outcome<void> Output::arrange(std::span<const Column> columns, std::vector<Json>& rows) const {
  for (const std::string& text : filters_) {
    const auto condition = parse_condition(text);
    if (!condition) return condition.error();
    if (auto unknown = unknown_key(columns, condition->key)) return *unknown;
    std::erase_if(rows, [&](const Json& row) { return !holds(*condition, row); });
  }
  if (!sort_by_.empty()) {
    const bool down = sort_by_.front() == '-';
    const std::string key = sort_by_.substr(down ? 1 : 0);
    if (auto unknown = unknown_key(columns, key)) return *unknown;
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const Json& a, const Json& b) { return down ? less(b, a, key) : less(a, b, key); });
  }
  if (limit_ >= 0 && rows.size() > static_cast<std::size_t>(limit_))
    rows.resize(static_cast<std::size_t>(limit_));
  return {};
}

std::string Output::render(const std::vector<Column>& columns, const std::vector<Json>& rows,
                           std::vector<std::size_t>* widths) const {
  const auto picked = [&](const Json& row) {
    if (keys_.empty()) return row;
    Json out = Json::object();
    for (const Column& column : columns)
      out[std::string(column.key)] = row.contains(column.key) ? row[std::string(column.key)] : Json();
    return out;
  };
  switch (format_) {
    case Format::kCsv:
      return render_csv(columns, rows, headers_);
    case Format::kJson:
    case Format::kYaml: {
      Json list = Json::array();
      for (const Json& row : rows) list.push_back(picked(row));
      return format_ == Format::kYaml ? render_yaml(list) : list.dump(2) + "\n";
    }
    case Format::kJsonl: {
      std::string out;
      for (const Json& row : rows) out += picked(row).dump() + "\n";
      return out;
    }
    case Format::kName: {
      std::string out;
      for (const Json& row : rows)
        out += bare(row.contains(columns[0].key) ? row[std::string(columns[0].key)] : Json()) + "\n";
      return out;
    }
    default:
      return render_table(columns, rows, {headers_, color_, terminal_columns_, widths});
  }
}

Outcome<void> Output::rows(std::span<const Column> columns, std::vector<Json> rows) {
  if (const auto arranged = arrange(columns, rows); !arranged) return arranged.error();
  if (format_ == Format::kTemplate) {
    std::string out;
    for (const Json& row : rows) {
      const auto line = render_template(template_, row);
      if (!line) return line.error();
      out += *line + "\n";
    }
    return write_out(out);
  }
  const auto wanted = chosen(columns);
  if (!wanted) return wanted.error();
  return write_out(render(*wanted, rows));
}

Outcome<void> Output::record(std::span<const Column> columns, const Json& object) {
  const auto wanted = chosen(columns);
  if (!wanted) return wanted.error();
  if (for_people()) return write_out(render_record(*wanted, object, {headers_, color_, terminal_columns_}));
  if (format_ != Format::kJson && format_ != Format::kYaml) return rows(columns, {object});
  Json picked = Json::object();
  for (const Column& column : *wanted) {
    if (object.contains(column.key)) picked[std::string(column.key)] = object[std::string(column.key)];
  }
  const Json& document = keys_.empty() ? object : picked;
  return write_out(format_ == Format::kYaml ? render_yaml(document) : document.dump(2) + "\n");
}

Outcome<void> Output::row_of_stream(std::span<const Column> columns, const Json& row) {
  std::vector<Json> one{row};
  if (const auto arranged = arrange(columns, one); !arranged) return arranged.error();
  if (one.empty()) return {};
  if (format_ == Format::kTemplate) {
    const auto line = render_template(template_, row);
    return line ? write_out(*line + "\n") : Outcome<void>(line.error());
  }
  const auto wanted = chosen(columns);
  if (!wanted) return wanted.error();
  Output line = *this;
  if (format_ == Format::kJson) line.format_ = Format::kJsonl;
  line.headers_ = headers_ && !streamed_;
  streamed_ = true;
  return write_out(line.render(*wanted, one, &stream_widths_));
}

Outcome<void> Output::text(std::string_view text) {
  return write_out(text);
}

}  // namespace relay::cli
