#include "support/child_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>

namespace relay::test {
namespace {

using Clock = std::chrono::steady_clock;

// Below the range that the kernel takes for outgoing connections (32768 and up), so that none of the many
// which tests make beside each other takes a port between its choice and its use. Above those that browsers
// refuse.
constexpr int kFirstPort = 11'000;
constexpr int kLastPort = 32'767;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// What one read() says; what it got is added to `text`.
ssize_t read_some(int fd, std::string& text) {
  char buffer[4096];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  return got;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command, std::vector<std::string> environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  environment.emplace_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  const int error = posix_spawnp(&pid_, command.front().c_str(), &actions, nullptr, pointers(command).data(),
                                 pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  pipe_ = ends[0];
  ::fcntl(pipe_, F_SETFL, O_NONBLOCK);
  if (error != 0) {
    ::close(pipe_);
    throw std::runtime_error("cannot start " + command.front());
  }
  gatherer_ = std::thread([this] { gather(); });
}

ChildProcess::~ChildProcess() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }
  gatherer_.join();
  ::close(pipe_);
}

void ChildProcess::signal(int number) const {
  ::kill(pid_, number);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  while (!status_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      // Its last words may still be in the pipe: whoever knows that it has ended may count on all of them.
      const std::lock_guard lock(mutex_);
      while (read_some(pipe_, output_) > 0) continue;
      break;
    }
    std::unique_lock lock(mutex_);
    if (Clock::now() >= until) return {};
    // The end of the output is the sign; a child whose output is inherited elsewhere is looked at every 20
    // ms.
    more_.wait_for(lock, std::chrono::milliseconds(ended_ ? 1 : 20));
  }
  return status_;
}

std::string ChildProcess::output() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

std::optional<std::string> ChildProcess::await_line(std::string_view words, std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  std::unique_lock lock(mutex_);
  while (true) {
    const auto at = output_.find(words);
    const auto end = at == std::string::npos ? at : output_.find('\n', at);
    if (end != std::string::npos) {
      const auto start = output_.rfind('\n', at);
      const auto first = start == std::string::npos ? 0 : start + 1;
      return output_.substr(first, end - first);
    }
    if (ended_ || more_.wait_until(lock, until) == std::cv_status::timeout) return {};
  }
}

void ChildProcess::gather() {
  while (true) {
    pollfd readable{pipe_, POLLIN, 0};
    ::poll(&readable, 1, -1);
    const std::lock_guard lock(mutex_);
    const ssize_t got = read_some(pipe_, output_);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    ended_ = got <= 0;
    more_.notify_all();
    if (ended_) return;
  }
}

std::uint16_t free_port() {
  static thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<int> ports(kFirstPort, kLastPort);
  for (int tries = 0; tries < 1000; ++tries) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(ports(random)));
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (is_free) return ntohs(address.sin_port);
  }
  throw std::runtime_error("no free port");
}

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "relay-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchFolder::write(std::string_view name, std::string_view text) const {
  const std::string path = path_ + '/' + std::string(name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

}  // namespace relay::test
