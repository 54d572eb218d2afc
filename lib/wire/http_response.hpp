// Writing HTTP/1 responses (RFC 9110, RFC 9112). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::wire {

struct HttpResponse {
  int status = 200;
  std::string_view content_type;  // a literal; empty: no Content-Type field
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // besides the ones written by themselves
};

// "Not Found"; "Unknown" for a status without a registered phrase.
std::string_view reason_phrase(int status);

// Appends one field line. A name that is no token drops the field; controls in the value become spaces, so
// that no value, wherever it came from, can end the line and begin another.
void append_header(std::string& out, std::string_view name, std::string_view value);

// Appends a whole response. Written by itself: the status line, Date, Content-Type, Content-Length (not for
// 1xx and 204), Connection ("close" unless keep_alive; "keep-alive" spelled out for HTTP/1.0). `head_only`
// leaves the body out and keeps its length (HEAD). The status line always says HTTP/1.1 (RFC 9110 §6.2).
void append_response(std::string& out, const HttpResponse& response, bool keep_alive, bool head_only,
                     int version_minor);

// Appends the head of a body that is streamed: chunked for HTTP/1.1, ended by close for HTTP/1.0.
// `response.body` is not sent.
void append_stream_head(std::string& out, const HttpResponse& response, int version_minor);

// The present time as in "Sat, 21 Nov 2026 04:26:00 GMT" (RFC 9110 §5.6.7); formatted once per second and
// thread.
std::string_view http_date();

}  // namespace relay::wire
