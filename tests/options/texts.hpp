// Committed texts that a table generates: reading them and cutting out the generated part.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace relay::test {

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Where the part between two marker lines begins and how long it is.
struct Span {
  std::size_t begin;
  std::size_t size;
};
inline Span span_between(const std::string& text, const std::string& begin, const std::string& end) {
  const auto from = text.find(begin);
  const auto to = text.find(end);
  if (from == text.npos || to == text.npos || to < from)
    throw std::runtime_error("no marker lines: " + begin);
  return {from + begin.size(), to - from - begin.size()};
}

inline std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const Span span = span_between(text, begin, end);
  return text.substr(span.begin, span.size);
}

inline std::string replace_between(std::string text, const std::string& begin, const std::string& end,
                                   const std::string& fresh) {
  const Span span = span_between(text, begin, end);
  return text.replace(span.begin, span.size, fresh);
}

}  // namespace relay::test
