#include "wire/http_headers.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "base/bytes.hpp"
#include "base/word.hpp"

namespace relay::wire {

namespace {

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kTokenTable = make_token_table();

bool is_field_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

}  // namespace

bool is_http_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kTokenTable[static_cast<unsigned char>(c)]; });
}

bool is_http_field_value(std::string_view text) {
  while (text.size() >= kWordBytes) {
    const std::uint64_t word = load_word(text.data());
    if (mark_controls(word) != 0) break;  // a tab is none the worse for it
    text.remove_prefix(kWordBytes);
  }
  return std::all_of(text.begin(), text.end(), is_field_value_char);
}

bool list_has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equals_ignore_case(trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

void HttpHeaders::reserve(std::size_t bytes) {
  bytes_.reserve(bytes);
}

void HttpHeaders::add(std::string_view name, std::string_view value) {
  spans_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(value.size())});
  bytes_.append(name).append(value);
}

void HttpHeaders::clear() {
  bytes_.clear();
  spans_.clear();
}

HttpHeaders::Field HttpHeaders::at(std::size_t index) const {
  assert(index < spans_.size());
  return {name_of(spans_[index]), value_of(spans_[index])};
}

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
  for (const Span& span : spans_) {
    if (span.name_size == name.size() && equals_ignore_case(name_of(span), name)) return value_of(span);
  }
  return std::nullopt;
}

std::vector<std::string_view> HttpHeaders::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Span& span : spans_) {
    if (equals_ignore_case(name_of(span), name)) values.push_back(value_of(span));
  }
  return values;
}

std::size_t HttpHeaders::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(spans_.begin(), spans_.end(), [&](const Span& span) {
    return equals_ignore_case(name_of(span), name);
  }));
}

bool HttpHeaders::has_token(std::string_view name, std::string_view token) const {
  return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
    return equals_ignore_case(name_of(span), name) && list_has_token(value_of(span), token);
  });
}

}  // namespace relay::wire
