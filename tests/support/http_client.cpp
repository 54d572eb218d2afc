#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/bytes.hpp"

namespace relay::test {

using Clock = std::chrono::steady_clock;

std::string HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignore_case(key, name)) return value;
  }
  return {};
}

std::string format_request(std::string_view method, std::string_view target, const HeaderList& headers,
                           std::string_view body) {
  std::string out = std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\nHost: relay\r\n";
  for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + std::string(body);
}

int connect_loopback(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    throw std::runtime_error("cannot connect to port " + std::to_string(port) + ": " + why);
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

HttpClient::HttpClient(std::uint16_t port) : fd_(connect_loopback(port)) {}

HttpClient::~HttpClient() {
  ::close(fd_);
}

HttpAnswer HttpClient::request(std::string_view method, std::string_view target, const HeaderList& headers,
                               std::string_view body) {
  send(format_request(method, target, headers, body));
  return read_answer(method == "HEAD");
}

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string HttpClient::read_some(std::chrono::milliseconds limit) {
  if (!rest_.empty()) return std::exchange(rest_, {});
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(limit.count())) <= 0)
    throw std::runtime_error("nothing came within the limit");
  char buffer[16384];
  const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
  return got <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(got));
}

HttpAnswer HttpClient::read_answer(bool head_only, std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  wire::HttpResponseParser parser(64 * 1024, head_only);
  HttpAnswer answer;
  while (parser.state() == wire::HttpResponseParser::State::kNeedMore) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    const std::string bytes = read_some(std::max(left, std::chrono::milliseconds(0)));
    if (bytes.empty()) {
      parser.feed_end();
      break;
    }
    const std::size_t taken = parser.feed(bytes, answer.body);
    rest_ = bytes.substr(taken);
  }
  if (parser.state() != wire::HttpResponseParser::State::kDone) {
    throw std::runtime_error("no whole answer: " + std::string(parser.error_message()));
  }
  answer.status = parser.status();
  answer.version_minor = parser.version_minor();
  answer.interim = parser.interim_count();
  answer.keep_alive = parser.keep_alive();
  for (std::size_t i = 0; i < parser.headers().size(); ++i) {
    answer.headers.emplace_back(parser.headers().at(i).name, parser.headers().at(i).value);
  }
  return answer;
}

std::string HttpClient::read_to_end(std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  std::string all;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    const std::string bytes = read_some(std::max(left, std::chrono::milliseconds(0)));
    if (bytes.empty()) return all;
    all += bytes;
  }
}

void HttpClient::shut_down_writing() {
  ::shutdown(fd_, SHUT_WR);
}

HttpAnswer http_get(std::uint16_t port, std::string_view target, const HeaderList& headers) {
  return HttpClient(port).request("GET", target, headers);
}

HttpAnswer http_post(std::uint16_t port, std::string_view target, std::string_view body,
                     const HeaderList& headers) {
  return HttpClient(port).request("POST", target, headers, body);
}

}  // namespace relay::test
