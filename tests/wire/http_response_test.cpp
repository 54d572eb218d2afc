#include "wire/http_response.hpp"

#include <regex>

#include "support/catch.hpp"

namespace relay::wire {

namespace {

using namespace std::string_view_literals;

// A whole response without its Date field, after checking that there is one.
std::string written(const HttpResponse& response, bool keep_alive = true, bool head_only = false,
                    int version_minor = 1) {
  std::string out;
  append_response(out, response, keep_alive, head_only, version_minor);
  static const std::regex date("Date: [^\r]*\r\n");
  CHECK(std::regex_search(out, date));
  return std::regex_replace(out, date, "");
}

}  // namespace

TEST_CASE("a response says its length and type") {
  CHECK(written({200, "text/plain", "hi", {}}) ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
  CHECK(written({404, "", "", {{"X-A", "1"}, {"X-B", "2"}}}) ==
        "HTTP/1.1 404 Not Found\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("HEAD keeps the length and drops the body") {
  CHECK(written({200, "a/b", "hello", {}}, true, true) ==
        "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\n");
}

TEST_CASE("204 and interim answers have no length and no body") {
  CHECK(written({204, "", "dropped", {}}) == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(written({100, "", "", {}}) == "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_CASE("Connection is said where it is not understood") {
  CHECK(written({200, "", "", {}}, false) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  CHECK(written({200, "", "", {}}, true, false, 0) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(written({200, "", "", {}}, false, false, 0) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_CASE("no value can forge a field") {
  std::string out;
  append_header(out, "X", "a\r\nSet-Cookie: b\n\0c\x7f"sv);
  CHECK(out == "X: a  Set-Cookie: b  c \r\n");
  out.clear();
  append_header(out, "X\r\nY", "a");
  append_header(out, "", "a");
  append_header(out, "X:", "a");
  CHECK(out.empty());
  CHECK(written({200, "a\r\nX: y", "", {}}) ==
        "HTTP/1.1 200 OK\r\nContent-Type: a  X: y\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a streamed body is chunked, or ends with the connection") {
  std::string out;
  append_stream_head(out, {200, "text/event-stream", "", {}}, 1);
  CHECK(out.find("\r\nTransfer-Encoding: chunked\r\n\r\n") != std::string::npos);
  CHECK(out.find("Content-Length") == std::string::npos);
  out.clear();
  append_stream_head(out, {200, "text/event-stream", "", {}}, 0);
  CHECK(out.find("\r\nConnection: close\r\n\r\n") != std::string::npos);
  CHECK(out.find("chunked") == std::string::npos);
}

TEST_CASE("reason phrases") {
  CHECK(reason_phrase(200) == "OK");
  CHECK(reason_phrase(505) == "HTTP Version Not Supported");
  CHECK(reason_phrase(431) == "Request Header Fields Too Large");
  CHECK(reason_phrase(299) == "Unknown");
  CHECK(reason_phrase(999) == "Unknown");
}

TEST_CASE("the date is an IMF-fixdate") {
  static const std::regex form(
      "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} "
      "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT");
  CHECK(std::regex_match(std::string(http_date()), form));
}

}  // namespace relay::wire
