#include "net/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/ids.hpp"

namespace relay::net {
namespace {

constexpr int kBacklog = 65535;  // the kernel cuts it to net.core.somaxconn
constexpr int kAcceptsPerTurn = 64;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress address;
  if (!endpoint.unix_path.empty()) {
    auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
    local.sun_family = AF_UNIX;
    std::strncpy(local.sun_path, endpoint.unix_path.c_str(), sizeof local.sun_path - 1);
    address.size = sizeof local;
    return address;
  }
  const IpAddress ip =
      endpoint.host.empty() ? IpAddress{} : IpAddress::parse(endpoint.host).value_or(IpAddress{});
  if (ip.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, ip.bytes.data() + 12, 4);
    address.size = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, ip.bytes.data(), 16);
    address.size = sizeof v6;
  }
  return address;
}

Error failed(const Endpoint& endpoint, const char* what) {
  std::string text = "cannot listen on " + endpoint.text() + ": " + what + ": " + std::strerror(errno);
  if (errno == EADDRINUSE) text += "; see who has it with: ss -ltnp";
  return make_error(ErrorKind::kUnavailable, "cannot_listen", text);
}

// Whether a socket file is one that nobody listens on any more. In doubt it is not: a listener whose queue is
// full, or that is not ours to connect to, is alive.
bool is_left_over(const Endpoint& endpoint, SocketAddress& address) {
  struct stat status{};
  if (::lstat(endpoint.unix_path.c_str(), &status) != 0) return errno == ENOENT;
  if (!S_ISSOCK(status.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const bool refused = ::connect(probe, address.raw(), address.size) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

std::uint16_t bound_port(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  getsockname(fd, address.raw(), &address.size);
  return ntohs(address.storage.ss_family == AF_INET6
                   ? reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port
                   : reinterpret_cast<sockaddr_in&>(address.storage).sin_port);
}

}  // namespace

Result<Bound> open_listener(const Endpoint& endpoint, bool reuse_port, unsigned mode) {
  SocketAddress address = to_socket_address(endpoint);
  const bool is_unix = !endpoint.unix_path.empty();
  if (is_unix && endpoint.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
    errno = ENAMETOOLONG;
    return failed(endpoint, "path");
  }
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(endpoint, "socket");
  const auto give_up = [&](const char* what) {
    const Error error = failed(endpoint, what);
    ::close(fd);
    return error;
  };
  const int on = 1;
  const int off = 0;
  if (is_unix) {
    if (!is_left_over(endpoint, address)) {
      errno = EADDRINUSE;
      return give_up("socket file");
    }
    ::unlink(endpoint.unix_path.c_str());
  } else {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (reuse_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (endpoint.host.empty()) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  }
  if (::bind(fd, address.raw(), address.size) != 0) return give_up("bind");
  if (is_unix && ::chmod(endpoint.unix_path.c_str(), mode) != 0) return give_up("chmod");
  if (::listen(fd, kBacklog) != 0) return give_up("listen");
  Bound bound{fd, endpoint};
  if (!is_unix) bound.endpoint.port = bound_port(fd);
  return bound;
}

Result<bool> try_listener(const Endpoint& endpoint) {
  Endpoint trial = endpoint;
  if (!endpoint.unix_path.empty()) {
    SocketAddress address = to_socket_address(endpoint);
    if (!is_left_over(endpoint, address)) {
      errno = EADDRINUSE;
      return failed(endpoint, "socket file");
    }
    trial.unix_path = endpoint.unix_path.substr(0, endpoint.unix_path.rfind('/') + 1) + '.' + random_hex(4);
  }
  const auto bound = open_listener(trial, false);
  if (!bound) return bound.error();
  ::close(bound->fd);
  if (!trial.unix_path.empty()) ::unlink(trial.unix_path.c_str());
  return true;
}

Listener::Listener(IoLoop& loop, Bound bound, OnAccept on_accept)
    : loop_(loop),
      bound_(std::move(bound)),
      on_accept_(std::move(on_accept)),
      spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Listener::~Listener() {
  stop();
  ::close(spare_);
}

void Listener::start() {
  loop_.poller().add_level_triggered(bound_.fd, *this);
}

void Listener::stop() {
  if (bound_.fd < 0) return;
  loop_.poller().forget(*this);
  ::close(bound_.fd);
  bound_.fd = -1;
  if (!bound_.endpoint.unix_path.empty()) ::unlink(bound_.endpoint.unix_path.c_str());
}

void Listener::on_ready(std::uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn && bound_.fd >= 0; ++i) {
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    const int fd = ::accept4(bound_.fd, peer.raw(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      on_accept_(fd, IpAddress::of(peer.storage));
    } else if (errno == EMFILE || errno == ENFILE) {
      return refuse_one();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void Listener::refuse_one() {
  ::close(spare_);
  const int fd = ::accept4(bound_.fd, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace relay::net
