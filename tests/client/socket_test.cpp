#include "client/socket.hpp"

#include <sys/socket.h>

#include "client/small_server.hpp"
#include "support/catch.hpp"

namespace relay::client {

TEST_CASE("bytes go both ways, and the end is seen") {
  SmallServer server([](Socket& socket) {
    std::string bytes;
    while (bytes != "ping") {
      if (!socket.receive(bytes, deadline_in(Milliseconds(5000)))) return;
    }
    send(socket, "pong");
  });
  Result<Socket> socket = Socket::connect(server.endpoint(), deadline_in(Milliseconds(5000)));
  REQUIRE(socket.has_value());
  CHECK(socket->send("ping", deadline_in(Milliseconds(5000))).has_value());
  std::string bytes;
  while (*socket->receive(bytes, deadline_in(Milliseconds(5000)))) {
  }
  CHECK(bytes == "pong");
}

TEST_CASE("every wait ends at its deadline") {
  SmallServer server([](Socket& socket) { wait_for_end(socket); });
  Result<Socket> socket = Socket::connect(server.endpoint(), deadline_in(Milliseconds(5000)));
  REQUIRE(socket.has_value());
  std::string bytes;
  const auto start = std::chrono::steady_clock::now();
  const Result<bool> got = socket->receive(bytes, deadline_in(Milliseconds(50)));
  CHECK(got.error().code == "timeout");
  CHECK(std::chrono::steady_clock::now() - start >= Milliseconds(50));
}

TEST_CASE("a peer that does not read makes send time out") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  Socket mine(pair[0]);
  const Socket silent(pair[1]);
  const Result<void> sent = mine.send(std::string(8 << 20, 'x'), deadline_in(Milliseconds(50)));
  CHECK(sent.error().code == "timeout");
}

TEST_CASE("a peer that is gone is an error, not a signal") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  Socket mine(pair[0]);
  Socket(pair[1]).close();
  CHECK(mine.send("x", deadline_in(Milliseconds(50))).error().code == "connection_lost");
}

TEST_CASE("nobody there") {
  net::Endpoint endpoint;
  {
    SmallServer server([](Socket&) {});
    endpoint = server.endpoint();
  }
  CHECK(Socket::connect(endpoint, deadline_in(Milliseconds(5000))).error().code == "connect_failed");
  endpoint = {};
  endpoint.unix_path = "/nonexistent/relay.sock";
  CHECK(Socket::connect(endpoint, deadline_in(Milliseconds(5000))).error().code == "connect_failed");
  endpoint.unix_path = std::string(200, 'x');
  CHECK(Socket::connect(endpoint, deadline_in(Milliseconds(5000))).error().code == "connect_failed");
}

}  // namespace relay::client
