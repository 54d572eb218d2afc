// HTTP/1 responses, parsed as their bytes arrive: the reading half of a client (RFC 9112).
//
// The body is handed on as it is decoded, so endless bodies (Server-Sent Events) are read as they come.
// No I/O; one parser belongs to one connection and one thread. Errors: kFailed and one line for people.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "wire/http_headers.hpp"

namespace relay::wire {

class HttpResponseParser {
 public:
  enum class State { kNeedMore, kDone, kFailed };

  // `head_only`: the answer to a HEAD request, which has no body whatever its fields say.
  explicit HttpResponseParser(std::size_t max_head_bytes = 64 * 1024, bool head_only = false);
  HttpResponseParser(HttpResponseParser&&) noexcept;
  HttpResponseParser& operator=(HttpResponseParser&&) noexcept;
  ~HttpResponseParser();

  // Takes bytes up to the end of one response at most, appends decoded body bytes to `body`; returns how many
  // were taken. Interim responses (1xx but 101) are counted and skipped. After 101 nothing more is taken.
  std::size_t feed(std::string_view bytes, std::string& body);
  // The connection ended: completes a body that ends with it, fails any other that is not whole.
  void feed_end();

  State state() const;
  bool head_complete() const;
  int interim_count() const;

  // REQUIRES (all): head_complete().
  int status() const;
  int version_minor() const;
  const HttpHeaders& headers() const;
  bool keep_alive() const;  // the connection can carry another exchange after this one

  std::string_view error_message() const;  // empty unless kFailed
  void reset(bool head_only = false);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace relay::wire
