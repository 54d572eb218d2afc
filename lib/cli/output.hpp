// What a command prints: rows or one record, in the format of -o. Data on standard output, nothing else.
//
// A command hands over JSON objects with the keys of its columns; tables show them for people, every other
// format keeps them exact. --columns, --sort-by, --filter, --limit and --no-headers are done here, for every
// command alike. One thread. Failures: usage (64) for a key that is none of the columns', kIo when standard
// output is gone.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/column.hpp"
#include "cli/failure.hpp"

namespace relay::cli {

using Json = nlohmann::ordered_json;

enum class Format { kTable, kWide, kJson, kJsonl, kYaml, kCsv, kName, kTemplate };

class Output {
 public:
  // Reads -o and its like.
  static Outcome<Output> make(const Arguments& arguments);

  Format format() const { return format_; }
  bool for_people() const { return format_ == Format::kTable || format_ == Format::kWide; }
  bool color() const { return color_; }
  std::size_t columns() const { return terminal_columns_; }  // 0: not a terminal

  // A list, as one document.
  Outcome<void> rows(std::span<const Column> columns, std::vector<Json> rows);
  // One thing: a JSON object; in a table one line per key.
  Outcome<void> record(std::span<const Column> columns, const Json& object);
  // One row of an endless list, at once: JSON as a line each, headings before the first.
  Outcome<void> row_of_stream(std::span<const Column> columns, const Json& row);
  // As it is.
  Outcome<void> text(std::string_view text);

 private:
  Output() = default;
  Outcome<std::vector<Column>> chosen(std::span<const Column> columns) const;
  Outcome<void> arrange(std::span<const Column> columns, std::vector<Json>& rows) const;
  std::string render(const std::vector<Column>& columns, const std::vector<Json>& rows,
                     std::vector<std::size_t>* widths = nullptr) const;

  Format format_ = Format::kTable;
  std::string template_;
  bool color_ = false;
  bool headers_ = true;
  bool streamed_ = false;  // the headings of a stream are out
  std::vector<std::size_t> stream_widths_;
  std::size_t terminal_columns_ = 0;
  std::vector<std::string> keys_;  // --columns
  std::string sort_by_;
  std::vector<std::string> filters_;
  std::int64_t limit_ = -1;
};

// A value as a table shows it.
std::string shown(const Column& column, const Json& value);

}  // namespace relay::cli
