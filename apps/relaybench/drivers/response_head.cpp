#include "drivers/response_head.hpp"

#include <charconv>

#include "base/bytes.hpp"

namespace relay::bench {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

void take_field(ResponseHead& head, std::string_view name, std::string_view value) {
  if (equals_ignore_case(name, "Content-Length")) {
    std::size_t length = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
    if (read.ec == std::errc() && read.ptr == value.data() + value.size()) head.content_length = length;
  } else if (equals_ignore_case(name, "Transfer-Encoding")) {
    head.chunked = equals_ignore_case(value, "chunked");
  } else if (equals_ignore_case(name, "Connection")) {
    head.closes = equals_ignore_case(value, "close");
  }
}

// "HTTP/1.1 200 OK"
int status_of(std::string_view line) {
  int status = 0;
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return 0;
  const auto read = std::from_chars(line.data() + 9, line.data() + 12, status);
  return read.ptr == line.data() + 12 && status >= 100 ? status : 0;
}

}  // namespace

std::optional<ResponseHead> read_head(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  ResponseHead head;
  head.size = end + 4;
  std::string_view lines = bytes.substr(0, end);
  head.status = status_of(lines.substr(0, lines.find("\r\n")));
  while (true) {
    const std::size_t line_end = lines.find("\r\n");
    if (line_end == std::string_view::npos) return head;
    lines.remove_prefix(line_end + 2);
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      take_field(head, line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
}

}  // namespace relay::bench
