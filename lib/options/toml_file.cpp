#include "options/toml_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/bytes.hpp"
#include "options/check.hpp"

namespace relay::options {
namespace {

// Walks one document. toml++ keeps keys sorted, so errors are put back into the order of the text at the end.
class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : name_(name), lines_(split(text, '\n')) {}

  void read_table(const toml::table& table, const std::string& section);
  void report_syntax(const toml::parse_error& error);
  Layer take();

 private:
  void read_entry(const std::string& key, const toml::key& name, const toml::node& node);
  void read_value(const KeyMatch& match, std::string_view key, const toml::node& node);
  void report_unknown_table(const std::string& key, const toml::key& name);
  void report(Place place, std::string message, std::string help = {});
  Place place_of(const toml::source_region& region) const;

  const std::string& name_;
  std::vector<std::string_view> lines_;
  Layer layer_;
};

std::string found_type(const toml::node& node) {
  std::ostringstream name;
  name << node.type();
  return name.str();
}

std::string expected(const Row& row, bool from_file) {
  if (from_file) return "a file name in quotes";
  switch (row.type) {
    case Type::kString:
      return "text in quotes";
    case Type::kBool:
      return "true or false";
    case Type::kCount:
      return "a whole number";
    case Type::kBytes:
      return "a size, such as \"64KiB\" or 65536";
    case Type::kDuration:
      return "a duration in quotes, such as \"30s\"";
    case Type::kList:
      return "a list of texts, such as [\"a\", \"b\"]";
    case Type::kChoice:
      break;
  }
  std::string choices;
  for (const std::string_view choice : row.choices) {
    choices += (choices.empty() ? "" : ", ") + toml_string(choice);
  }
  return "one of " + choices;
}

Error wrong_type(const Row& row, bool from_file, const toml::node& node) {
  return make_error(ErrorKind::kInvalid, "wrong_type",
                    "expected " + expected(row, from_file) + ", found " + found_type(node));
}

template <class T>
Result<Value> widen(Result<T> result) {
  if (!result) return result.error();
  return Value(std::move(*result));
}

Result<Value> list_value(const Row& row, const toml::node& node) {
  if (const auto* text = node.as_string()) return Value(List{text->get()});
  if (!node.is_array()) return wrong_type(row, false, node);
  List entries;
  for (const toml::node& entry : *node.as_array()) {
    if (!entry.is_string()) return wrong_type(row, false, entry);
    entries.push_back(entry.as_string()->get());
  }
  return Value(std::move(entries));
}

// TOML has types, so unlike a flag or a variable a value of the wrong one is refused.
Result<Value> typed_value(const Row& row, const toml::node& node) {
  const auto* text = node.as_string();
  const auto* number = node.as_integer();
  switch (row.type) {
    case Type::kString:
    case Type::kChoice:
      if (text != nullptr) return Value(text->get());
      break;
    case Type::kBool:
      if (const auto* flag = node.as_boolean()) return Value(flag->get());
      break;
    case Type::kCount:
      if (number != nullptr) return Value(number->get());
      break;
    case Type::kBytes:
      if (number != nullptr) return Value(number->get());
      if (text != nullptr) return widen(parse_bytes(text->get()));
      break;
    case Type::kDuration:
      if (number != nullptr && number->get() == 0) return Value(Milliseconds(0));
      if (text != nullptr) return widen(parse_duration(text->get()));
      break;
    case Type::kList:
      return list_value(row, node);
  }
  return wrong_type(row, false, node);
}

// For a list, the entry that is refused rather than the whole list.
const toml::source_region& blamed(const Row& row, const toml::node& node) {
  const auto* array = node.as_array();
  if (row.type != Type::kList || array == nullptr) return node.source();
  for (const toml::node& entry : *array) {
    const auto* text = entry.as_string();
    if (text == nullptr || !check_value(row, Value(List{text->get()})).empty()) return entry.source();
  }
  return node.source();
}

void Reader::read_table(const toml::table& table, const std::string& section) {
  for (const auto& [name, node] : table) {
    const std::string key = (section.empty() ? "" : section + ".") + std::string(name.str());
    if (const auto* inner = node.as_table()) {
      const auto sections = all_sections();
      const bool known =
          section == "namespace" ||
          (section.empty() && std::find(sections.begin(), sections.end(), key) != sections.end());
      const std::string why = section == "namespace" ? check_namespace_name(name.str()) : std::string();
      if (!why.empty()) report(place_of(name.source()), why);
      if (known && why.empty()) read_table(*inner, key);
      if (!known) report_unknown_table(key, name);
    } else {
      read_entry(key, name, node);
    }
  }
}

void Reader::read_entry(const std::string& key, const toml::key& name, const toml::node& node) {
  const auto match = find_key(key);
  if (match) return read_value(*match, key, node);
  const auto sections = all_sections();
  if (std::find(sections.begin(), sections.end(), key) != sections.end()) {
    return report(place_of(name.source()), "\"" + key + "\" is a section",
                  "write [" + key + "] on a line of its own");
  }
  layer_.errors.push_back(unknown_key(place_of(name.source()), key));
}

void Reader::read_value(const KeyMatch& match, std::string_view key, const toml::node& node) {
  const auto* file = node.as_string();
  const auto value = !match.from_file  ? typed_value(*match.row, node)
                     : file == nullptr ? wrong_type(*match.row, true, node)
                                       : Result<Value>(Value(file->get()));
  const std::string why = !value            ? value.error().message
                          : match.from_file ? std::string()
                                            : check_value(*match.row, *value);
  if (!why.empty()) return report(place_of(blamed(*match.row, node)), std::string(leaf_of(key)) + ": " + why);
  layer_.settings.push_back({match, *value, place_of(node.source())});
}

void Reader::report_unknown_table(const std::string& key, const toml::key& name) {
  if (find_key(key)) {
    return report(place_of(name.source()), "\"" + key + "\" takes a value, it is not a section");
  }
  const auto near = nearest(key, all_sections());
  report(place_of(name.source()), "unknown section [" + key + "]",
         near ? "did you mean [" + *near + "]?" : "");
}

void Reader::report_syntax(const toml::parse_error& error) {
  report(place_of(error.source()), std::string(error.description()));
}

void Reader::report(Place place, std::string message, std::string help) {
  layer_.errors.push_back({std::move(place), std::move(message), std::move(help)});
}

Place Reader::place_of(const toml::source_region& region) const {
  Place place{name_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column), 1, {}};
  const auto index = static_cast<std::size_t>(region.begin.line) - 1;
  if (index < lines_.size()) place.source = std::string(lines_[index].substr(0, lines_[index].find('\r')));
  if (region.end.line == region.begin.line && region.end.column > region.begin.column) {
    place.width = static_cast<int>(region.end.column - region.begin.column);
  }
  return place;
}

Layer Reader::take() {
  const auto before = [](const Place& a, const Place& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  };
  std::stable_sort(layer_.errors.begin(), layer_.errors.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return before(a.place, b.place); });
  std::stable_sort(layer_.settings.begin(), layer_.settings.end(),
                   [&](const Setting& a, const Setting& b) { return before(a.place, b.place); });
  return std::move(layer_);
}

}  // namespace

Layer parse_toml(std::string_view text, const std::string& name) {
  Reader reader(text, name);
  try {
    const toml::table document = toml::parse(text);
    reader.read_table(document, "");
  } catch (const toml::parse_error& error) {
    reader.report_syntax(error);
  }
  return reader.take();
}

FileText read_file(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::not_found) return {FileState::kMissing, {}, "no such file"};
  if (type == std::filesystem::file_type::directory) return {FileState::kMissing, {}, "it is a directory"};
  std::ifstream file(path, std::ios::binary);
  if (!file) return {errno == EACCES ? FileState::kDenied : FileState::kMissing, {}, std::strerror(errno)};
  std::ostringstream text;
  text << file.rdbuf();
  return {FileState::kRead, text.str(), {}};
}

std::vector<std::string> toml_files_in(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    if (entry->path().extension() == ".toml" && entry->path().filename().string().front() != '.') {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace relay::options
