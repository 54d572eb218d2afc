// A plain blocking HTTP/1 client over one loopback connection: whole exchanges for tests, and raw bytes for
// those that must misbehave. One thread. Throws std::runtime_error when nothing comes within its limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/http1_client.hpp"

namespace relay::test {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  int status = 0;
  int version_minor = 1;
  int interim = 0;  // 1xx before it
  bool keep_alive = false;
  HeaderList headers;
  std::string body;
  std::string header(std::string_view name) const;  // empty: not there
};

std::string format_request(std::string_view method, std::string_view target, const HeaderList& headers = {},
                           std::string_view body = {});

class HttpClient {
 public:
  static constexpr std::chrono::milliseconds kLimit{15000};
  explicit HttpClient(std::uint16_t port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpAnswer request(std::string_view method, std::string_view target, const HeaderList& headers = {},
                     std::string_view body = {});
  // False if the peer has closed meanwhile.
  bool send(std::string_view bytes);
  HttpAnswer read_answer(bool head_only = false, std::chrono::milliseconds limit = kLimit);
  // More bytes as they come: empty at the end of the stream or after a reset.
  std::string read_some(std::chrono::milliseconds limit = kLimit);
  // Everything up to the end of the stream.
  std::string read_to_end(std::chrono::milliseconds limit = kLimit);
  void shut_down_writing();
  int descriptor() const { return fd_; }

 private:
  int fd_;
  std::string rest_;  // read behind the last answer
};

// One exchange on a connection of its own.
HttpAnswer http_get(std::uint16_t port, std::string_view target, const HeaderList& headers = {});
HttpAnswer http_post(std::uint16_t port, std::string_view target, std::string_view body,
                     const HeaderList& headers = {});

// A connected blocking loopback socket.
int connect_loopback(std::uint16_t port);

}  // namespace relay::test
