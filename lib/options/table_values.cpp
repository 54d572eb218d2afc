// The half of table.hpp that reads, checks and writes values.
#include <algorithm>

#include "base/bytes.hpp"
#include "options/redis_url.hpp"
#include "options/table.hpp"

namespace relay::options {
namespace {

Error invalid(std::string message) {
  return make_error(ErrorKind::kInvalid, "bad_value", std::move(message));
}

template <class T>
Result<Value> widen(Result<T> result) {
  if (!result) return result.error();
  return Value(std::move(*result));
}

Result<Value> parse_typed(const Row& row, std::string_view text) {
  switch (row.type) {
    case Type::kBool:
      return widen(parse_bool(text));
    case Type::kCount:
      return widen(parse_count(text));
    case Type::kBytes:
      return widen(parse_bytes(text));
    case Type::kDuration:
      return widen(parse_duration(text));
    case Type::kList:
      return Value(parse_list(text));
    case Type::kString:
    case Type::kChoice:
      break;
  }
  return Value(std::string(text));
}

std::string format_number(Type type, std::int64_t number) {
  if (type == Type::kDuration) return format_duration(Milliseconds(number));
  return type == Type::kBytes ? format_bytes(number) : std::to_string(number);
}

std::string check_bounds(const Row& row, std::int64_t number) {
  if (number >= row.min && number <= row.max) return {};
  return format_number(row.type, number) + " is out of bounds: " + format_number(row.type, row.min) + " to " +
         format_number(row.type, row.max);
}

std::string check_choice(const Row& row, const std::string& text) {
  if (std::find(row.choices.begin(), row.choices.end(), text) != row.choices.end()) return {};
  std::string known;
  for (const std::string_view choice : row.choices) {
    known += (known.empty() ? "" : ", ") + std::string(choice);
  }
  return "\"" + text + "\" is none of " + known;
}

std::string check_text(const Row& row, const std::string& text) {
  if (text.find('\0') != text.npos) return "a NUL byte is not allowed";
  if (row.type == Type::kChoice) return check_choice(row, text);
  return row.check == nullptr ? std::string() : row.check(text);
}

std::string check_list(const Row& row, const List& entries) {
  for (const std::string& entry : entries) {
    if (entry.empty()) return "an entry is empty";
    if (std::string why = check_text(row, entry); !why.empty()) return why;
  }
  return {};
}

// Bytes and durations stand in quotes with their unit; a size without one is a bare number.
std::string toml_number(Type type, std::int64_t number) {
  const std::string text = format_number(type, number);
  return text.back() >= '0' && text.back() <= '9' ? text : toml_string(text);
}

}  // namespace

Value get(const Row& row, const Options& options) {
  // The accessors only name a field; nothing is written through them here.
  return std::visit([&](auto field) { return Value(field(const_cast<Options&>(options))); }, row.field);
}

void set(const Row& row, Options& options, Value value) {
  std::visit(
      [&](auto field) {
        auto& target = field(options);
        target = std::get<std::remove_reference_t<decltype(target)>>(std::move(value));
      },
      row.field);
}

Value get(const Row& row, const ChannelKeep& keep) {
  Options carrier;
  carrier.channel = keep;
  return get(row, carrier);
}

void set(const Row& row, ChannelKeep& keep, Value value) {
  Options carrier;
  carrier.channel = keep;
  set(row, carrier, std::move(value));
  keep = carrier.channel;
}

std::string check_value(const Row& row, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return check_text(row, *text);
  if (const auto* entries = std::get_if<List>(&value)) return check_list(row, *entries);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return check_bounds(row, *number);
  if (const auto* time = std::get_if<Milliseconds>(&value)) return check_bounds(row, time->count());
  return {};
}

Result<Value> parse_value(const Row& row, std::string_view text) {
  auto value = parse_typed(row, text);
  if (!value) return value.error();
  if (std::string why = check_value(row, *value); !why.empty()) return invalid(std::move(why));
  return value;
}

std::string toml_value(const Row& row, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return toml_string(*text);
  if (const auto* entries = std::get_if<List>(&value)) return toml_list(*entries);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* time = std::get_if<Milliseconds>(&value)) return toml_number(row.type, time->count());
  return toml_number(row.type, std::get<std::int64_t>(value));
}

std::string masked_value(const Row& row, const Value& value) {
  if (row.secrecy == Secrecy::kUrl) return toml_string(mask_redis_url(std::get<std::string>(value)));
  if (row.secrecy == Secrecy::kNone) return toml_value(row, value);
  if (const auto* entries = std::get_if<List>(&value)) return toml_list(List(entries->size(), "***"));
  return std::get<std::string>(value).empty() ? "\"\"" : "\"***\"";
}

std::string type_name(Type type) {
  switch (type) {
    case Type::kString:
      return "string";
    case Type::kChoice:
      return "choice";
    case Type::kBool:
      return "boolean";
    case Type::kCount:
      return "number";
    case Type::kBytes:
      return "size";
    case Type::kDuration:
      return "duration";
    case Type::kList:
      return "list";
  }
  return {};
}

std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (const Row& row : rows()) {
    keys.emplace_back(row.key);
    if (row.secrecy == Secrecy::kSecret) keys.push_back(std::string(row.key) + "_file");
  }
  return keys;
}

std::vector<std::string> all_sections() {
  std::vector<std::string> sections = {"namespace"};
  for (const Row& row : rows()) {
    const std::string section(section_of(row.key));
    if (!section.empty() && sections.back() != section) sections.push_back(section);
  }
  return sections;
}

std::vector<std::string> leaves_of(std::string_view section) {
  const std::string_view known = namespace_key(std::string(section) + ".x") ? "channel" : section;
  std::vector<std::string> leaves;
  for (const std::string& key : all_keys()) {
    if (section_of(key) == known) leaves.emplace_back(leaf_of(key));
  }
  return leaves;
}

}  // namespace relay::options
