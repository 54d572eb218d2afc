// A way to Redis on which packets vanish: attempts to connect that nobody takes notice of.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contracts/redis_backend.hpp"
#include "support/await.hpp"
#include "support/catch.hpp"

namespace relay::test {
namespace {

using namespace std::chrono_literals;

// A port that lets the first packets of a connection vanish: its queue of connections is full.
class DeafPort {
 public:
  DeafPort() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address_), size) == 0);
    REQUIRE(::listen(listener_, 0) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
    for (int& fd : waiting_) {
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      ::connect(fd, reinterpret_cast<sockaddr*>(&address_), sizeof address_);
    }
  }
  ~DeafPort() {
    for (const int fd : waiting_) ::close(fd);
    ::close(listener_);
  }
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  std::uint16_t number() const { return ntohs(address_.sin_port); }

 private:
  sockaddr_in address_{};
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int waiting_[8];
};

}  // namespace

// The kernel would repeat the packet after one second, and after two more.
TEST_CASE("an attempt that nobody notices is repeated sooner than the kernel does it") {
  const DeafPort deaf;
  redis::RedisSettings settings;
  settings.server.host = "127.0.0.1";
  settings.server.port = deaf.number();
  settings.connect_timeout = 2s;
  Member member(0, redis_maker(settings));
  member.start();
  // What the last attempt that was given up had; 0: none was yet.
  const auto patience = [&] {
    const std::string reason = member.health().reason;
    const std::string words = "no connection within ";
    return reason.starts_with(words) ? std::stoi(reason.substr(words.size())) : 0;
  };
  await_condition([&] { return patience() > 0; }, "the first one is given up");
  CHECK(patience() >= 2000);
  await_condition([&] { return patience() < 1000; }, "one is given up before the kernel would repeat it");
  await_condition([&] { return patience() >= 2000; }, "a later one has all the time there is");
}

}  // namespace relay::test
