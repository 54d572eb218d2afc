// HTTP/1.0 and HTTP/1.1 requests, parsed as their bytes arrive (RFC 9112).
//
// Boost.Beast's parser reads the head; what it lets through and a relay behind proxies must not is refused
// here: bare CR or LF, obs-fold, controls, Content-Length twice or beside Transfer-Encoding, codings other
// than chunked, a missing or second Host. The body is gathered whole, within its limit.
//
// No I/O. One parser belongs to one connection and one thread; it owns the request until take_request().
// Errors: state() becomes kFailed, with a status to answer before closing. A failed parser takes nothing
// more: the rest of the connection cannot be trusted.
//
// Hot: about 1 µs for a small request that arrives in one piece (bench_wire).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http_headers.hpp"

namespace relay::wire {

struct HttpLimits {
  std::size_t max_head_bytes = 64 * 1024;  // request line, fields and the blank lines around them
  std::size_t max_body_bytes = 1024 * 1024;
};

struct HttpRequest {
  std::string method;  // as sent; methods are case-sensitive
  std::string target;  // as sent: "/path?query", "*", or absolute "http://host/path?query"
  HttpHeaders headers;
  std::string body;
  int version_minor = 1;  // 0 or 1
  bool keep_alive = true;
  bool expect_continue = false;

  // Still percent-encoded; without scheme and host when the target is absolute ("/" if nothing follows them).
  std::string_view path() const;
  std::string_view query() const;  // after the first '?', without it

  std::optional<std::string_view> header(std::string_view name) const { return headers.find(name); }
  std::vector<std::string_view> header_all(std::string_view name) const { return headers.all(name); }
};

class HttpRequestParser {
 public:
  enum class State : std::uint8_t { kNeedMore, kDone, kFailed };

  explicit HttpRequestParser(HttpLimits limits);
  HttpRequestParser(HttpRequestParser&&) noexcept;
  HttpRequestParser& operator=(HttpRequestParser&&) noexcept;
  ~HttpRequestParser();

  // Takes bytes up to the end of one message at most and returns how many; the pipelined rest stays with the
  // caller, for after reset(). Bytes of an unfinished head are kept inside. Takes nothing when kDone or
  // kFailed.
  std::size_t feed(std::string_view bytes);

  State state() const;
  // Whether a byte of the request was taken. Blank lines ahead of it (RFC 9112 §2.2) do not count.
  bool started() const;
  bool head_complete() const;  // method, target and headers of request() are there; the body perhaps not

  // The client waits for "100 Continue" before it sends its body. False once part of the body came, or after
  // continue_sent().
  bool wants_continue() const;
  void continue_sent();

  // REQUIRES: head_complete(); the body is whole when state() is kDone.
  const HttpRequest& request() const;
  // REQUIRES: state() is kDone. The parser is ready for the next request afterwards, as after reset().
  HttpRequest take_request();

  // REQUIRES (both): state() is kFailed. 400, 413, 417, 431, 501 or 505, and one line for people.
  int error_status() const;
  std::string_view error_message() const;

  void reset();  // for the next request on the same connection

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace relay::wire
