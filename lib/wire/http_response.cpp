#include "wire/http_response.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <iterator>

#include "base/decimal.hpp"
#include "wire/http_headers.hpp"

namespace relay::wire {

namespace {

struct Phrase {
  int status;
  std::string_view text;
};

// RFC 9110 §15, RFC 6585, RFC 6455; ascending.
constexpr std::array kPhrases = {
    Phrase{100, "Continue"},
    Phrase{101, "Switching Protocols"},
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{204, "No Content"},
    Phrase{206, "Partial Content"},
    Phrase{207, "Multi-Status"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{303, "See Other"},
    Phrase{304, "Not Modified"},
    Phrase{307, "Temporary Redirect"},
    Phrase{308, "Permanent Redirect"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{411, "Length Required"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{416, "Range Not Satisfiable"},
    Phrase{417, "Expectation Failed"},
    Phrase{421, "Misdirected Request"},
    Phrase{422, "Unprocessable Content"},
    Phrase{425, "Too Early"},
    Phrase{426, "Upgrade Required"},
    Phrase{428, "Precondition Required"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
    Phrase{505, "HTTP Version Not Supported"},
    Phrase{507, "Insufficient Storage"},
};

void append_status_line(std::string& out, int status) {
  out.append("HTTP/1.1 ");
  out.append(Decimal(status).view()).append(" ").append(reason_phrase(status)).append("\r\n");
}

// `begin` is a field's name with its colon and space.
void append_known_header(std::string& out, std::string_view begin, std::string_view value) {
  out.append(begin);
  if (is_http_field_value(value)) {
    out.append(value);
  } else {
    std::replace_copy_if(
        value.begin(), value.end(), std::back_inserter(out),
        [](char c) { return !is_http_field_value({&c, 1}); }, ' ');
  }
  out.append("\r\n");
}

// The status line and every field that does not depend on how the body is sent.
void append_head(std::string& out, const HttpResponse& response) {
  out.reserve(out.size() + 256 + response.body.size());  // one allocation for almost every answer
  append_status_line(out, response.status);
  out.append("Date: ").append(http_date()).append("\r\n");
  if (!response.content_type.empty()) append_known_header(out, "Content-Type: ", response.content_type);
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
}

bool has_length(int status) {
  return status >= 200 && status != 204;
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto found =
      std::lower_bound(kPhrases.begin(), kPhrases.end(), status,
                       [](const Phrase& phrase, int wanted) { return phrase.status < wanted; });
  return found != kPhrases.end() && found->status == status ? found->text : "Unknown";
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  if (!is_http_token(name)) return;
  append_known_header(out.append(name), ": ", value);
}

void append_response(std::string& out, const HttpResponse& response, bool keep_alive, bool head_only,
                     int version_minor) {
  append_head(out, response);
  if (has_length(response.status)) {
    out.append("Content-Length: ").append(Decimal(response.body.size()).view()).append("\r\n");
  }
  if (!keep_alive) {
    out.append("Connection: close\r\n");
  } else if (version_minor == 0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (!head_only && has_length(response.status) && response.status != 304) out.append(response.body);
}

void append_stream_head(std::string& out, const HttpResponse& response, int version_minor) {
  append_head(out, response);
  out.append(version_minor == 0 ? "Connection: close\r\n\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
}

std::string_view http_date() {
  struct Cache {
    std::time_t second = -1;
    char text[40];
    std::size_t size = 0;
  };
  thread_local Cache cache;
  const std::time_t now = std::time(nullptr);
  if (now == cache.second) return {cache.text, cache.size};
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  const int size = std::snprintf(cache.text, sizeof cache.text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                 kDays[utc.tm_wday], utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900,
                                 utc.tm_hour, utc.tm_min, utc.tm_sec);
  cache.size = static_cast<std::size_t>(size);
  cache.second = now;
  return {cache.text, cache.size};
}

}  // namespace relay::wire
