// Rows as text, one function per format. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.hpp"

namespace relay::cli {

struct TableStyle {
  bool headers = true;
  bool color = false;
  std::size_t width = 0;  // of the terminal; 0: as wide as it gets
  // Of the columns so far, so that rows which come one by one stand below each other; grows. Null: of these
  // rows alone.
  std::vector<std::size_t>* widths = nullptr;
};
// No box lines, two spaces between columns, numbers to the right; what does not fit is cut with "…".
std::string render_table(std::span<const Column> columns, std::span<const Json> rows,
                         const TableStyle& style);
// "key  value" lines.
std::string render_record(std::span<const Column> columns, const Json& object, const TableStyle& style);
std::string render_csv(std::span<const Column> columns, std::span<const Json> rows,
                       bool headers);  // RFC 4180
std::string render_yaml(const Json& value);
// "{key}" is the value of that key, "{{" a brace, "\n" and "\t" what they are in C.
Outcome<std::string> render_template(std::string_view text, const Json& row);

// A scalar without quotes, anything else as JSON.
std::string bare(const Json& value);

}  // namespace relay::cli
