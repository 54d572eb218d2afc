// A blocking HTTP/1.1 client over one connection at a time: whole exchanges, and raw bytes for whoever must
// send what no client should.
//
// One object per connection, one thread at a time. Every wait ends at the timeout. Errors: those of Socket,
// "bad_response" (kInternal) for what is no HTTP, "bad_request" (kInvalid) for what cannot be asked. An
// exchange whose request left but whose answer did not come is kUnknown: it may have been done.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/socket.hpp"
#include "client/url.hpp"
#include "wire/http1_client.hpp"
#include "wire/http_headers.hpp"

namespace relay::client {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

inline constexpr Milliseconds kDefaultTimeout{10000};

struct HttpReply {
  int status = 0;
  wire::HttpHeaders headers;
  std::string body;
  bool keep_alive = false;
};

// A request as bytes. Host, and Content-Length for a body or a method that has one (POST, PUT, PATCH), are
// written unless `headers` has them (or Transfer-Encoding). REQUIRES: method and target have no white space
// or controls.
std::string format_request(const net::Endpoint& endpoint, std::string_view method, std::string_view target,
                           const HeaderList& headers = {}, std::string_view body = {});

class HttpClient {
 public:
  static Result<HttpClient> connect(net::Endpoint endpoint, Milliseconds timeout = kDefaultTimeout);

  // One exchange. Connects again first if the server ended the connection after the last one.
  Result<HttpReply> request(std::string_view method, std::string_view target, const HeaderList& headers = {},
                            std::string_view body = {});

  Result<void> send_raw(std::string_view bytes);
  // The answer to what was sent raw; `head_only` if that was a HEAD request.
  Result<HttpReply> read_reply(bool head_only = false);
  // All bytes up to the end of the connection, those behind the last answer included.
  Result<std::string> read_to_end();
  void shut_down_writing() { socket_.shut_down_writing(); }

  bool open() const { return socket_.open(); }
  void close();

 private:
  HttpClient(net::Endpoint endpoint, Milliseconds timeout, Socket socket)
      : endpoint_(std::move(endpoint)), timeout_(timeout), socket_(std::move(socket)) {}
  bool ended_while_idle();

  net::Endpoint endpoint_;
  Milliseconds timeout_;
  Socket socket_;
  std::string rest_;      // read behind the last answer
  bool reusable_ = true;  // as far as the last answer tells
};

// One exchange on a connection of its own.
Result<HttpReply> http_request(const Url& url, std::string_view method, const HeaderList& headers = {},
                               std::string_view body = {}, Milliseconds timeout = kDefaultTimeout);

}  // namespace relay::client
