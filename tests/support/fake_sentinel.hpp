// A sentinel that says what a test wants, on a free loopback port.
//
// A thread of its own answers; the rest is for one test thread. It knows SENTINEL MASTER and SENTINEL
// GET-MASTER-ADDR-BY-NAME, and says OK to the rest. Throws std::runtime_error when it cannot listen.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "wire/resp.hpp"

namespace relay::test {

class FakeSentinel {
 public:
  FakeSentinel() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 || ::pipe(wake_) != 0) {
      throw std::runtime_error("a fake sentinel cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeSentinel() {
    ::close(wake_[1]);
    thread_.join();
    for (const auto& [fd, reader] : clients_) ::close(fd);
    ::close(listener_);
    ::close(wake_[0]);
  }
  FakeSentinel(const FakeSentinel&) = delete;
  FakeSentinel& operator=(const FakeSentinel&) = delete;

  std::uint16_t port() const { return port_; }
  void name(std::uint16_t master, int config_epoch) {
    const std::lock_guard lock(mutex_);
    master_ = address_ = std::to_string(master);
    epoch_ = std::to_string(config_epoch);
  }
  // It is about to: clients are led there, but the epoch is still the former one's.
  void promote(std::uint16_t replica) {
    const std::lock_guard lock(mutex_);
    address_ = std::to_string(replica);
  }
  // It knows no master any more.
  void silence() { name(0, 0); }
  // How often it was asked who is the master.
  int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  static std::string bulk(std::string_view text) {
    return '$' + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
  }
  std::string answer(const wire::RespValue& command) {
    const std::lock_guard lock(mutex_);
    const std::string_view verb = command.size() > 1 ? command[1].text() : std::string_view();
    if (verb != "MASTER" && verb != "GET-MASTER-ADDR-BY-NAME") return "+OK\r\n";
    asked_ += verb == "MASTER" ? 0 : 1;
    if (master_ == "0") return verb == "MASTER" ? "-ERR No such master with that name\r\n" : "*-1\r\n";
    if (verb != "MASTER") return "*2\r\n" + bulk("127.0.0.1") + bulk(address_);
    return "*6\r\n" + bulk("ip") + bulk("127.0.0.1") + bulk("port") + bulk(master_) + bulk("config-epoch") +
           bulk(epoch_);
  }
  void serve(int fd) {
    char buffer[4096];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    std::string out;
    if (got > 0) {
      (void)clients_.at(fd)->feed({buffer, static_cast<std::size_t>(got)},
                                  [&](const wire::RespValue& command) {
                                    out += answer(command);
                                    return true;
                                  });
    }
    if (got <= 0 || ::send(fd, out.data(), out.size(), MSG_NOSIGNAL) < 0) {
      clients_.erase(fd);
      ::close(fd);
    }
  }
  void run() {
    for (;;) {
      std::vector<pollfd> polled{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
      for (const auto& [fd, reader] : clients_) polled.push_back({fd, POLLIN, 0});
      ::poll(polled.data(), polled.size(), -1);
      if (polled[0].revents != 0) return;
      for (std::size_t i = 2; i < polled.size(); ++i) {
        if (polled[i].revents != 0) serve(polled[i].fd);
      }
      if (polled[1].revents == 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) clients_.emplace(fd, std::make_unique<wire::RespReader>());
    }
  }

  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  mutable std::mutex mutex_;
  std::string master_ = "0";
  std::string address_ = "0";
  std::string epoch_ = "0";
  int asked_ = 0;
  std::map<int, std::unique_ptr<wire::RespReader>> clients_;
  std::thread thread_;
};

}  // namespace relay::test
