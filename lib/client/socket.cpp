#include "client/socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace relay::client {

namespace {

constexpr std::size_t kReceiveBytes = 64 * 1024;

std::string error_text(int number) {
  return std::generic_category().message(number);
}

Error connect_failed(const net::Endpoint& endpoint, const std::string& why) {
  return make_error(ErrorKind::kUnavailable, "connect_failed",
                    "cannot connect to " + endpoint.text() + ": " + why);
}

Error connection_lost(int number) {
  return make_error(ErrorKind::kUnavailable, "connection_lost",
                    "the connection broke: " + error_text(number));
}

bool would_block(int number) {
  return number == EAGAIN || number == EWOULDBLOCK;
}

int open_socket(int family) {
  return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

}  // namespace

Socket::Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Result<Socket> Socket::connect(const net::Endpoint& endpoint, SteadyTime deadline) {
  if (!endpoint.unix_path.empty()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (endpoint.unix_path.size() >= sizeof address.sun_path)
      return connect_failed(endpoint, "the path is too long");
    std::memcpy(address.sun_path, endpoint.unix_path.data(), endpoint.unix_path.size());
    Socket socket(open_socket(AF_UNIX));
    const Result<void> done = socket.finish_connect(&address, sizeof address, deadline);
    if (!done) return connect_failed(endpoint, done.error().message);
    return socket;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string host = endpoint.host.empty() ? "localhost" : endpoint.host;
  const int failed = getaddrinfo(host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (failed != 0) return connect_failed(endpoint, gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    Socket socket(open_socket(address->ai_family));
    const Result<void> done = socket.finish_connect(address->ai_addr, address->ai_addrlen, deadline);
    if (done) {
      const int on = 1;
      setsockopt(socket.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return socket;
    }
    why = done.error().message;
  }
  return connect_failed(endpoint, why);
}

Result<void> Socket::finish_connect(const void* address, unsigned size, SteadyTime deadline) {
  if (!open()) return connection_lost(errno);
  if (::connect(descriptor_, static_cast<const sockaddr*>(address), size) == 0) return {};
  if (errno != EINPROGRESS) return make_error(ErrorKind::kUnavailable, "connect_failed", error_text(errno));
  if (Result<void> ready = wait(POLLOUT, deadline); !ready) return ready;
  int number = 0;
  socklen_t number_size = sizeof number;
  getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &number, &number_size);
  if (number != 0) return make_error(ErrorKind::kUnavailable, "connect_failed", error_text(number));
  return {};
}

Result<void> Socket::wait(short events, SteadyTime deadline) const {
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto limit = std::clamp<std::int64_t>(left.count(), 0, 1 << 30);
    pollfd waiting{descriptor_, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(limit));
    if (ready > 0) return {};
    if (ready == 0) return make_error(ErrorKind::kUnavailable, "timeout", "nothing came in time");
    if (errno != EINTR) return connection_lost(errno);
  }
}

Result<void> Socket::send(std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (would_block(errno)) {
      if (Result<void> ready = wait(POLLOUT, deadline); !ready) return ready;
    } else if (errno != EINTR) {
      return connection_lost(errno);
    }
  }
  return {};
}

Result<bool> Socket::receive(std::string& into, SteadyTime deadline) {
  std::array<char, kReceiveBytes> buffer;
  while (true) {
    const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got >= 0) {
      into.append(buffer.data(), static_cast<std::size_t>(got));
      return got > 0;
    }
    if (would_block(errno)) {
      if (Result<void> ready = wait(POLLIN, deadline); !ready) return ready.error();
    } else if (errno != EINTR) {
      return connection_lost(errno);
    }
  }
}

void Socket::shut_down_writing() {
  ::shutdown(descriptor_, SHUT_WR);
}

void Socket::close() {
  if (open()) ::close(std::exchange(descriptor_, -1));
}

}  // namespace relay::client
