#include "bench/lying_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <stdexcept>
#include <string>

#include "wire/chunked.hpp"
#include "wire/http1.hpp"
#include "wire/sse.hpp"

namespace relay::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Client {
  explicit Client(int descriptor) : fd(descriptor) {}
  ~Client() { close(fd); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int fd;
  wire::HttpRequestParser parser{wire::HttpLimits{}};
  std::string channel;  // of a subscriber
  std::string out;
  bool gone = false;
};

struct Message {
  std::string channel;
  std::uint64_t number = 0;  // in its channel, from 1
  std::uint64_t id = 0;
  std::string payload;
  Clock::time_point taken;
};

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  return std::string(text.substr(0, text.find(after)));
}

int listen_on_loopback(std::uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 512) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the lying server cannot listen");
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

class LyingServer::Loop {
 public:
  explicit Loop(LyingServer& server) : server_(server), lies_(server.lies_), told_(server.told_) {}

  void run() {
    while (turn()) {
    }
  }

 private:
  bool turn() {
    std::vector<pollfd> polled = {{server_.wake_[0], POLLIN, 0}, {server_.listener_, POLLIN, 0}};
    std::vector<Client*> clients;
    for (Client& client : clients_) {
      polled.push_back({client.fd, static_cast<short>(client.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
      clients.push_back(&client);
    }
    const timespec wait = until_due();
    ppoll(polled.data(), polled.size(), due_.empty() ? nullptr : &wait, nullptr);
    if (polled[0].revents != 0) return false;
    if (polled[1].revents != 0) accept_all();
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (polled[i + 2].revents & (POLLIN | POLLHUP | POLLERR)) read_from(*clients[i]);
    }
    deliver_due();
    for (Client& client : clients_) flush(client);
    clients_.remove_if([](const Client& client) { return client.gone; });
    return true;
  }

  timespec until_due() const {
    if (due_.empty()) return {};
    const auto wait =
        std::chrono::duration_cast<std::chrono::nanoseconds>(due_.front().taken + lies_.delay - Clock::now());
    const std::int64_t ns = std::max<std::int64_t>(0, wait.count());
    return {ns / 1'000'000'000, ns % 1'000'000'000};
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(server_.listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      clients_.emplace_back(fd);
    }
  }

  void read_from(Client& client) {
    char buffer[16 * 1024];
    const ssize_t got = recv(client.fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
      client.gone = client.gone || got == 0 || (errno != EAGAIN && errno != EINTR);
      return;
    }
    std::string_view bytes(buffer, static_cast<std::size_t>(got));
    while (!bytes.empty() && !client.gone) {
      bytes.remove_prefix(client.parser.feed(bytes));
      client.gone = client.parser.state() == wire::HttpRequestParser::State::kFailed;
      if (client.parser.state() == wire::HttpRequestParser::State::kDone)
        answer(client, client.parser.take_request());
    }
  }

  void answer(Client& client, const wire::HttpRequest& request) {
    if (request.method == "GET" && request.path() == "/v1/events") {
      client.channel = between(request.query(), "channel=", "&");
      client.out +=
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
          wire::as_chunk(": live\n\n");
    } else if (request.method == "POST") {
      take(between(request.path(), "/v1/channels/", "/"), request.body);
      const std::string body = "{\"id\":" + std::to_string(id_) + "}\n";
      client.out += "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body;
    } else {
      client.out += "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    }
  }

  void take(const std::string& channel, const std::string& payload) {
    due_.push_back({channel, ++numbers_[channel], ++id_, payload, Clock::now()});
    told_.published.fetch_add(1);
  }

  void deliver_due() {
    while (!due_.empty() && due_.front().taken + lies_.delay <= Clock::now()) {
      const Message message = std::move(due_.front());
      due_.pop_front();
      server_.note_held(Clock::now() - message.taken);
      deliver(message);
    }
  }

  void deliver(const Message& message) {
    const std::uint64_t n = message.number;
    if (lies_.swap.about(n)) {
      kept_back_[message.channel] = message;
      return;
    }
    send(message, lies_.lose.about(n), lies_.repeat.about(n), lies_.corrupt.about(n));
    const auto kept = kept_back_.find(message.channel);
    if (kept == kept_back_.end()) return;
    told_.swapped.fetch_add(send(kept->second, false, false, false));
    kept_back_.erase(kept);
  }

  // To every subscriber of its channel; says to how many.
  std::uint64_t send(const Message& message, bool lose, bool repeat, bool corrupt) {
    std::string event;
    wire::append_sse_event(event, {}, std::to_string(message.id),
                           corrupt ? forged(message.payload) : message.payload);
    const std::string frame = wire::as_chunk(event);
    std::uint64_t subscribers = 0;
    for (Client& client : clients_) {
      if (client.gone || client.channel != message.channel) continue;
      ++subscribers;
      if (!lose) client.out += frame;
      if (repeat) client.out += frame;
    }
    if (lose) told_.lost.fetch_add(subscribers);
    if (repeat) told_.repeated.fetch_add(subscribers);
    if (corrupt) told_.corrupted.fetch_add(subscribers);
    told_.sent.fetch_add(lose ? 0 : repeat ? 2 * subscribers : subscribers);
    return subscribers;
  }

  static std::string forged(std::string payload) {
    payload.back() = payload.back() == '0' ? '1' : '0';
    return payload;
  }

  static void flush(Client& client) {
    if (client.out.empty() || client.gone) return;
    const ssize_t sent = ::send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) client.out.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) client.gone = true;
  }

  LyingServer& server_;
  const Lies& lies_;
  Told& told_;
  std::list<Client> clients_;
  std::deque<Message> due_;
  std::map<std::string, std::uint64_t> numbers_;
  std::map<std::string, Message> kept_back_;  // by channel: sent behind the next one
  std::uint64_t id_ = 0;
};

LyingServer::LyingServer(const Lies& lies) : lies_(lies) {
  listener_ = listen_on_loopback(port_);
  if (pipe2(wake_, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  thread_ = std::thread([this] { Loop(*this).run(); });
}

LyingServer::~LyingServer() {
  close(wake_[1]);
  thread_.join();
  close(wake_[0]);
  close(listener_);
}

void LyingServer::note_held(std::chrono::nanoseconds time) {
  const std::lock_guard lock(mutex_);
  held_.push_back(time);
}

std::chrono::nanoseconds LyingServer::held() const {
  std::unique_lock lock(mutex_);
  std::vector<std::chrono::nanoseconds> held = held_;
  lock.unlock();
  if (held.empty()) return {};
  std::nth_element(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(held.size() / 2), held.end());
  return held[held.size() / 2];
}

}  // namespace relay::test
