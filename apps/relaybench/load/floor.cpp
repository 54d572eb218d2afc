#include "load/floor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "drivers/requests.hpp"

namespace relay::bench {
namespace {

constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n: "
    "live\n\n\r\n";
constexpr std::string_view kStored = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

// A plain accept-read-send loop over one level-triggered epoll set.
class Loop {
 public:
  explicit Loop(int listener) : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)) { watch(listener); }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener_) {
          accept_all();
        } else {
          read(events[i].data.fd);
        }
      }
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{EPOLLIN, {}};
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all() {
    const int on = 1;
    for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(fd);
    }
  }

  void read(int fd) {
    const ssize_t got = recv(fd, buffer_, sizeof buffer_, 0);
    if (got <= 0) return drop(fd);
    std::string& rest = rests_[fd];
    rest.append(buffer_, static_cast<std::size_t>(got));
    std::size_t taken = 0;
    while (const std::size_t size = take_request(fd, std::string_view(rest).substr(taken))) taken += size;
    rest.erase(0, taken);
  }

  void drop(int fd) {
    rests_.erase(fd);
    for (auto& [channel, streams] : streams_) std::erase(streams, fd);
    ::close(fd);
  }

  // Bytes of the first request; 0: it is not whole.
  std::size_t take_request(int fd, std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) return 0;
    const std::string_view head = bytes.substr(0, end);
    std::size_t length = 0;
    const auto at = head.find("Content-Length: ");
    constexpr std::size_t kName = 16;
    if (at != head.npos) std::from_chars(head.data() + at + kName, head.data() + head.size(), length);
    if (bytes.size() < end + 4 + length) return 0;
    if (head.starts_with("GET ")) {
      open_stream(fd, head);
    } else {
      publish(between(head, "/channels/", "/"), bytes.substr(end + 4, length));
      send(fd, kStored.data(), kStored.size(), MSG_NOSIGNAL);
    }
    return end + 4 + length;
  }

  void open_stream(int fd, std::string_view head) {
    std::string_view query = head.substr(0, head.find("\r\n"));
    for (auto at = query.find("channel="); at != query.npos; at = query.find("channel=")) {
      query.remove_prefix(at + 8);
      streams_[std::string(query.substr(0, query.find_first_of("& ")))].push_back(fd);
    }
    send(fd, kStreamHead.data(), kStreamHead.size(), MSG_NOSIGNAL);
  }

  // Hot: this is the floor.
  void publish(std::string_view channel, std::string_view payload) {
    const auto found = streams_.find(std::string(channel));
    if (found == streams_.end()) return;
    const std::string event =
        "id: " + std::to_string(++last_id_) + "\ndata: " + std::string(payload) + "\n\n";
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", event.size());
    const std::string frame = size + event + "\r\n";
    for (const int fd : found->second) send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
  }

  int listener_;
  int epoll_;
  std::unordered_map<int, std::string> rests_;
  std::unordered_map<std::string, std::vector<int>> streams_;
  std::uint64_t last_id_ = 3'676'647'850'743'808;  // as long as relayd's
  char buffer_[64 * 1024];
};

int listen_on_loopback(std::uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool good = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    listen(fd, 4096) == 0 &&
                    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  port = ntohs(address.sin_port);
  return good ? fd : -1;
}

}  // namespace

relay::Result<FloorServer> FloorServer::start() {
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = listener < 0 ? -1 : fork();
  if (pid < 0) return make_error(ErrorKind::kUnavailable, "no_floor", "cannot start the floor server");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    prctl(PR_SET_NAME, "relaybench/floor");
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
    Loop(listener).run();
  }
  ::close(listener);
  return FloorServer(pid, port);
}

FloorServer::FloorServer(FloorServer&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), port_(other.port_) {}

FloorServer::~FloorServer() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

relay::Result<RunResult> run_floor(const Plan& plan, Progress& progress) {
  auto server = FloorServer::start();
  if (!server) return server.error();
  Plan floor = plan;
  floor.target = {};
  floor.target.url = "http://127.0.0.1:" + std::to_string(server->port());
  floor.server = {};
  floor.workers.clear();
  for (StagePlan& stage : floor.stages) stage.action.clear();
  floor.server.pid = server->pid();
  floor.shape.kill_share = 0;
  floor.shape.ephemeral = false;
  return run(floor, progress);
}

}  // namespace relay::bench
