#include "client/small_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace relay::client {

namespace {

constexpr Milliseconds kPatience{10000};

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

SmallServer::SmallServer(Serve serve, const std::string& unix_path)
    : serve_(std::move(serve)), stop_(eventfd(0, EFD_CLOEXEC)) {
  if (unix_path.empty()) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
    require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
    endpoint_.host = "127.0.0.1";
    endpoint_.port = ntohs(address.sin_port);
  } else {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, unix_path.c_str(), sizeof address.sun_path - 1);
    require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    endpoint_.unix_path = unix_path;
  }
  require(::listen(listener_, 16) == 0, "listen");
  thread_ = std::thread([this] { run(); });
}

SmallServer::~SmallServer() {
  const std::uint64_t one = 1;
  if (::write(stop_, &one, sizeof one) != sizeof one) std::abort();
  thread_.join();
  ::close(listener_);
  ::close(stop_);
}

void SmallServer::run() {
  while (true) {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0) return;
    if (waiting[1].revents != 0) return;
    Socket socket(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    ++connections_;
    if (socket.open()) serve_(socket);
  }
}

wire::HttpRequest read_request(Socket& socket, std::string& rest) {
  using State = wire::HttpRequestParser::State;
  wire::HttpRequestParser parser(wire::HttpLimits{});
  while (true) {
    rest.erase(0, parser.feed(rest));
    if (parser.state() == State::kDone) return parser.take_request();
    if (parser.state() == State::kFailed) return {};
    const Result<bool> more = socket.receive(rest, deadline_in(kPatience));
    if (!more || !*more) return {};
  }
}

void wait_for_end(Socket& socket) {
  std::string ignored;
  while (true) {
    const Result<bool> more = socket.receive(ignored, deadline_in(kPatience));
    if (!more || !*more) return;
  }
}

void send(Socket& socket, std::string_view bytes) {
  socket.send(bytes, deadline_in(kPatience));
}

}  // namespace relay::client
