#include "bench_support.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bench {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Starts relayd with its log on a pipe and returns pid and port.
pid_t start_relayd(const std::vector<std::string>& arguments, int& port) {
  int log[2];
  if (pipe(log) != 0) fatal("pipe");
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dup2(log[1], STDERR_FILENO);
    std::vector<std::string> words = {RELAYD_BINARY,      "--config",    "/dev/null",
                                      "--listen",         "127.0.0.1:0", "--set",
                                      "operator.listen=", "--set",       "log.format=logfmt"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(RELAYD_BINARY, argv.data());
    _exit(127);
  }
  close(log[1]);
  const std::string text = read_until(log[0], "event=started");
  const std::string before = "http://127.0.0.1:";
  const auto at = text.find(before);
  if (at == std::string::npos) fatal("relayd did not say where it listens: " + text);
  port = std::atoi(text.c_str() + at + before.size());
  return pid;  // the pipe stays open: relayd may log on
}

}  // namespace

void fatal(const std::string& what) {
  std::fprintf(stderr, "benchmark: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

Child Child::run(const std::function<void()>& body) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) fatal("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    body();
    _exit(0);
  }
  return Child(pid);
}

Child::~Child() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

Relayd::Relayd(const std::vector<std::string>& arguments) : child_(start_relayd(arguments, port_)) {}

std::int64_t cpu_ns(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  DIR* tasks = opendir(folder.c_str());
  if (tasks == nullptr) fatal(folder);
  std::int64_t total = 0;
  while (const dirent* task = readdir(tasks)) {
    if (task->d_name[0] != '.')
      total += std::atoll(read_file(folder + "/" + task->d_name + "/schedstat").c_str());
  }
  closedir(tasks);
  return total;
}

int listen_on_free_port(int& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 4096) != 0) fatal("listen");
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fatal("connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) fatal("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string read_until(int fd, std::string_view marker) {
  std::string text;
  char buffer[4096];
  while (text.find(marker) == std::string::npos) {
    pollfd wait{fd, POLLIN, 0};
    if (poll(&wait, 1, 10'000) <= 0) fatal("waited in vain for " + std::string(marker) + ", got: " + text);
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0) fatal("closed before " + std::string(marker) + ", got: " + text);
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int argument(int argc, char** argv, std::string_view name, int otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (name == argv[i]) return std::atoi(argv[i + 1]);
  }
  return otherwise;
}

}  // namespace bench
