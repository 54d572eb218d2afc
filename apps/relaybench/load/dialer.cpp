#include "load/dialer.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "client/url.hpp"
#include "net/tls.hpp"

namespace relay::bench {
namespace {

constexpr int kTryMs = 2000;

const sockaddr* plain(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr*>(&storage);
}

Error failed(int error) {
  const char* name = strerrorname_np(error);
  return make_error(ErrorKind::kUnavailable, std::string("connect_") + (name == nullptr ? "failed" : name),
                    std::strerror(error));
}

Error not_reached(const std::string& target, int error) {
  return make_error(ErrorKind::kUnavailable, "not_reached",
                    "nothing answers at " + target + ": " + std::strerror(error));
}

// Many connections from one address to one port: the kernel may choose the port when it knows both ends.
void set_options(int fd, bool bound) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (bound) setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
}

struct Where {
  net::Endpoint endpoint;
  bool secure = false;
};

// As client::Url, and https and wss with their port 443.
Result<Where> parse(const std::string& url) {
  constexpr std::string_view kSecure[] = {"https://", "wss://"};
  for (const std::string_view scheme : kSecure) {
    if (!url.starts_with(scheme)) continue;
    const std::string rest = url.substr(scheme.size());
    const std::string authority = rest.substr(0, rest.find_first_of("/?"));
    const bool has_port =
        authority.find(':', authority.starts_with('[') ? authority.find(']') : 0) != authority.npos;
    const auto plain_url = client::Url::parse("http://" + authority + (has_port ? "" : ":443"));
    if (!plain_url) return plain_url.error();
    return Where{plain_url->endpoint, true};
  }
  const auto plain_url = client::Url::parse(url);
  if (!plain_url) return plain_url.error();
  return Where{plain_url->endpoint, false};
}

}  // namespace

Result<Dialer::Address> Dialer::resolve(const std::string& host, std::uint16_t port, bool numeric) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = numeric ? AI_NUMERICHOST : 0;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) {
    return make_error(ErrorKind::kUnavailable, "not_resolved", host + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> holder(list, freeaddrinfo);
  Address address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  address.size = list->ai_addrlen;
  return address;
}

Result<Dialer::Address> Dialer::unix_address(const std::string& path) {
  Address address;
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (path.size() >= sizeof un.sun_path) {
    return make_error(ErrorKind::kInvalid, "bad_url", "the path of the Unix socket is too long: " + path);
  }
  std::memcpy(un.sun_path, path.c_str(), path.size() + 1);
  std::memcpy(&address.storage, &un, sizeof un);
  address.size = sizeof un;
  return address;
}

Result<Dialer> Dialer::make(const std::string& url, const TargetPlan& plan) {
  const auto where = parse(url);
  if (!where) return where.error();
  const net::Endpoint& target = where->endpoint;
  Dialer dialer;
  auto address =
      target.unix_path.empty() ? resolve(target.host, target.port, false) : unix_address(target.unix_path);
  if (!address) return address.error();
  dialer.target_ = *address;
  dialer.text_ = target.text();
  dialer.host_ = target.host;
  if (where->secure) {
    auto tls = net::TlsClientContext::make({plan.ca_file, plan.insecure});
    if (!tls) return tls.error();
    dialer.tls_ = *tls;
  }
  for (const std::string& source : plan.source_addresses) {
    auto from = resolve(source, 0, true);
    if (!from || from->storage.ss_family != dialer.target_.storage.ss_family) {
      return make_error(ErrorKind::kInvalid, "bad_source_address",
                        source + " is no address from which " + dialer.text_ + " can be reached");
    }
    dialer.sources_.push_back(*from);
  }
  return dialer;
}

Result<int> Dialer::open_socket() {
  const int fd = socket(target_.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(errno);
  set_options(fd, !sources_.empty());
  if (!sources_.empty()) {
    const Address& from = sources_[next_source_++ % sources_.size()];
    if (bind(fd, plain(from.storage), from.size) != 0) {
      const Error error = failed(errno);
      ::close(fd);
      return error;
    }
  }
  if (connect(fd, plain(target_.storage), target_.size) != 0 && errno != EINPROGRESS) {
    const Error error = failed(errno);
    ::close(fd);
    return error;
  }
  return fd;
}

Result<net::Connection*> Dialer::dial(net::IoLoop& loop, metrics::LoopMetrics& metrics,
                                      net::ConnectionSet& set) {
  const auto fd = open_socket();
  if (!fd) return fd.error();
  return new net::Connection(loop, metrics, set, *fd, {},
                             tls_ == nullptr ? nullptr : tls_->connect(*fd, host_));
}

Result<void> Dialer::try_once() {
  const auto fd = open_socket();
  if (!fd)
    return make_error(ErrorKind::kUnavailable, "not_reached",
                      "nothing answers at " + text_ + ": " + fd.error().message);
  pollfd wait{*fd, POLLOUT, 0};
  int error = ETIMEDOUT;
  socklen_t size = sizeof error;
  if (poll(&wait, 1, kTryMs) == 1) getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &size);
  relay::Result<void> secure;
  if (error == 0 && tls_ != nullptr) secure = tls_->try_handshake(*fd, host_, milliseconds(kTryMs));
  ::close(*fd);
  if (error != 0) return not_reached(text_, error);
  if (secure) return {};
  return make_error(ErrorKind::kUnavailable, "not_reached",
                    "no TLS with " + text_ + ": " + secure.error().message);
}

}  // namespace relay::bench
