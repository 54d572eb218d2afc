#include "support/tcp_gate.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "support/child_process.hpp"
#include "support/http_client.hpp"

namespace relay::test {
namespace {

constexpr int kBacklog = 64;

int bound_socket(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, kBacklog) == 0)
    return fd;
  ::close(fd);
  throw std::runtime_error("cannot listen on port " + std::to_string(port));
}

short events_of(std::size_t to_send) {
  return static_cast<short>(POLLIN | (to_send > 0 ? POLLOUT : 0));
}

}  // namespace

TcpGate::TcpGate(std::uint16_t target) : target_(target), port_(free_port()), listener_(bound_socket(port_)) {
  if (::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("pipe2 failed");
  thread_ = std::thread([this] { run(); });
}

TcpGate::~TcpGate() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake();
  thread_.join();
  for (Pair& pair : pairs_) close(pair);
  for (const int fd : {listener_, wake_[0], wake_[1]}) ::close(fd);
}

void TcpGate::wake() const {
  [[maybe_unused]] const ssize_t written = ::write(wake_[1], "x", 1);  // a full pipe wakes as well
}

// The listening socket stays bound, so that nobody else gets its port meanwhile.
void TcpGate::cut() {
  const std::lock_guard lock(mutex_);
  ::shutdown(listener_, SHUT_RDWR);
  for (Pair& pair : pairs_) close(pair);
  pairs_.clear();
  wake();
}

void TcpGate::open() {
  const std::lock_guard lock(mutex_);
  if (::listen(listener_, kBacklog) != 0) throw std::runtime_error("cannot listen again");
  wake();
}

void TcpGate::run() {
  while (turn()) {
  }
}

std::vector<pollfd> TcpGate::polled() const {
  std::vector<pollfd> all{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
  for (const Pair& pair : pairs_) {
    all.push_back({pair.outside.fd, events_of(pair.outside.to_send.size()), 0});
    all.push_back({pair.inside.fd, events_of(pair.inside.to_send.size()), 0});
  }
  return all;
}

bool TcpGate::turn() {
  std::vector<pollfd> ready;
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return false;
    ready = polled();
  }
  // A cut listener is always "ready" (POLLHUP): only the pipe says that it is open again.
  int listening = 0;
  socklen_t size = sizeof listening;
  ::getsockopt(listener_, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
  if (listening == 0) ready[1].fd = -1;
  ::poll(ready.data(), ready.size(), -1);
  std::array<char, 64> words;
  while (::read(wake_[0], words.data(), words.size()) > 0) {
  }
  const std::lock_guard lock(mutex_);
  move(ready);
  if ((ready[1].revents & POLLIN) != 0) accept_one();
  return true;
}

void TcpGate::accept_one() {
  const int outside = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (outside < 0) return;
  try {
    const int inside = connect_loopback(target_);
    ::fcntl(inside, F_SETFL, O_NONBLOCK);
    pairs_.push_back({{outside}, {inside}});
  } catch (const std::runtime_error&) {
    ::close(outside);  // the target is not there
  }
}

// Pairs that were cut while this waited are no more: what is ready is looked up by descriptor and place.
void TcpGate::move(const std::vector<pollfd>& ready) {
  std::size_t at = 2;
  for (auto pair = pairs_.begin(); pair != pairs_.end() && at + 1 < ready.size(); at += 2) {
    if (ready[at].fd != pair->outside.fd) return;
    if (ready[at].revents != 0) receive(pair->outside, pair->inside);
    if (ready[at + 1].revents != 0) receive(pair->inside, pair->outside);
    flush(pair->inside);
    flush(pair->outside);
    const bool ended = pair->outside.ended || pair->inside.ended;
    if (ended) close(*pair);
    pair = ended ? pairs_.erase(pair) : std::next(pair);
  }
}

void TcpGate::receive(End& from, End& to) {
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(from.fd, buffer.data(), buffer.size(), 0);
  if (got > 0) {
    to.to_send.append(buffer.data(), static_cast<std::size_t>(got));
  } else {
    from.ended = got == 0 || (errno != EAGAIN && errno != EINTR);
  }
}

void TcpGate::flush(End& end) {
  if (end.to_send.empty()) return;
  const ssize_t sent = ::send(end.fd, end.to_send.data(), end.to_send.size(), MSG_NOSIGNAL);
  if (sent > 0) end.to_send.erase(0, static_cast<std::size_t>(sent));
}

void TcpGate::close(Pair& pair) {
  ::close(pair.outside.fd);
  ::close(pair.inside.fd);
}

}  // namespace relay::test
