// Where connections of a run come from and go to, seen by the one who accepts them.
#include "load/dialer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <map>

#include "knobs.hpp"
#include "request.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"

using namespace relay::bench;

namespace {

// A listening socket that only the test accepts from.
class Listener {
 public:
  explicit Listener(const std::string& unix_path = {}) : descriptor_(open(unix_path)) {
    REQUIRE(descriptor_ >= 0);
  }
  ~Listener() { ::close(descriptor_); }
  std::string url() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  // The address of the next peer; empty for a Unix socket.
  std::string accept() const {
    pollfd wait{descriptor_, POLLIN, 0};
    REQUIRE(poll(&wait, 1, 20'000) == 1);
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const int fd = accept4(descriptor_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
    REQUIRE(fd >= 0);
    ::close(fd);
    char name[INET_ADDRSTRLEN];
    return peer.sin_family == AF_INET ? inet_ntop(AF_INET, &peer.sin_addr, name, sizeof name) : "";
  }

 private:
  static int open(const std::string& unix_path) {
    const int fd = socket(unix_path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage address{};
    socklen_t size = sizeof(sockaddr_in);
    if (unix_path.empty()) {
      auto& in = reinterpret_cast<sockaddr_in&>(address);
      in.sin_family = AF_INET;
      in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
      auto& un = reinterpret_cast<sockaddr_un&>(address);
      un.sun_family = AF_UNIX;
      std::strncpy(un.sun_path, unix_path.c_str(), sizeof un.sun_path - 1);
      size = sizeof un;
    }
    const bool good = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(fd, 64) == 0;
    return good ? fd : -1;
  }
  int descriptor_;
};

TargetPlan target_from(const std::string& url, const std::string& sources) {
  Request request;
  request.plan.shape.subscribers = 1;
  request.plan.target.url = url;
  REQUIRE(give(request, {"--source-ip", sources}).has_value());
  const auto plan = finished(request);
  REQUIRE(plan.has_value());
  return plan->target;
}

std::string code_of(const std::string& url, const TargetPlan& target) {
  auto dialer = Dialer::make(url, target);
  return dialer ? "made" : dialer.error().code;
}

}  // namespace

TEST_CASE("connections take turns over all hosts of --source-ip 127.0.0.0/29") {
  const Listener listener;
  auto dialer = Dialer::make(listener.url(), target_from(listener.url(), "127.0.0.0/29"));
  REQUIRE(dialer.has_value());
  std::map<std::string, int> seen;
  for (int i = 0; i < 12; ++i) {
    REQUIRE(dialer->try_once().has_value());
    ++seen[listener.accept()];
  }
  CHECK(seen == std::map<std::string, int>{{"127.0.0.1", 2},
                                           {"127.0.0.2", 2},
                                           {"127.0.0.3", 2},
                                           {"127.0.0.4", 2},
                                           {"127.0.0.5", 2},
                                           {"127.0.0.6", 2}});
}

TEST_CASE("a source address that cannot be one is said before the run") {
  const Listener listener;
  const std::string url = listener.url();
  CHECK(code_of(url, target_from(url, "::1")) == "bad_source_address");
  auto elsewhere = Dialer::make(url, target_from(url, "192.0.2.1"));  // TEST-NET-1: nobody's
  REQUIRE(elsewhere.has_value());
  const auto tried = elsewhere->try_once();
  REQUIRE_FALSE(tried.has_value());
  CHECK(tried.error().code == "not_reached");
  Request request;
  request.plan.shape.subscribers = 1;
  for (const char* wrong : {"127.0.0.0/31", "127.0.0.0/7", "127.0.0/29", "localhost", "127.0.0.0/x"}) {
    request.source_networks = {wrong};
    INFO(wrong);
    CHECK_FALSE(finished(request).has_value());
  }
}

TEST_CASE("a Unix socket is a target, and has no source addresses") {
  const relay::test::ScratchFolder folder;
  const std::string path = folder.path() + "/relayd.sock";
  std::string url = "http+unix://";
  for (const char c : path) url += c == '/' ? "%2F" : std::string(1, c);
  const Listener listener(path);
  auto dialer = Dialer::make(url, {});
  REQUIRE(dialer.has_value());
  REQUIRE(dialer->try_once().has_value());
  CHECK(listener.accept().empty());
  CHECK(code_of(url, target_from(url, "127.0.0.1")) == "bad_source_address");
  CHECK(code_of("http+unix://" + std::string(200, 'x'), {}) == "bad_url");
  auto nobody = Dialer::make(url + "x", {});
  REQUIRE(nobody.has_value());
  CHECK(nobody->try_once().error().code == "not_reached");
}

TEST_CASE("addresses that are none are said before the run") {
  CHECK(code_of("127.0.0.1:80", {}) == "bad_url");
  CHECK(code_of("ftp://127.0.0.1", {}) == "bad_url");
  CHECK(code_of("http://no-such-host.invalid", {}) == "not_resolved");
  TargetPlan target;
  target.ca_file = "/nonexistent.pem";
  CHECK(code_of("https://127.0.0.1", target) == "bad_certificate");
}
