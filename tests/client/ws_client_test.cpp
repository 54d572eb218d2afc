#include "client/ws_client.hpp"

#include "client/small_server.hpp"
#include "support/catch.hpp"
#include "wire/http_response.hpp"
#include "wire/ws_handshake.hpp"

namespace relay::client {

namespace {

using wire::WsEvent;
using wire::WsOpcode;
using Kind = WsEvent::Kind;

constexpr Milliseconds kLong{5000};
constexpr Milliseconds kShort{30};

std::string frame(WsOpcode opcode, std::string_view payload) {
  std::string out;
  wire::append_frame(out, opcode, payload);
  return out;
}

// The server's side of a WebSocket: shakes hands, then gives each event to a function that returns the
// answer.
using Answer = std::function<std::string(const WsEvent&)>;
SmallServer::Serve websocket(Answer answer, std::string greeting = {}) {
  return [=](Socket& socket) {
    std::string in;
    const wire::HttpRequest request = read_request(socket, in);
    if (wire::check_handshake(request) != wire::WsHandshake::kOk) return;
    const auto offered = wire::offered_subprotocols(request);
    std::string out;
    wire::append_handshake_response(out, *request.header("Sec-WebSocket-Key"),
                                    offered.empty() ? "" : offered.back());
    send(socket, out + greeting);
    wire::WsParser parser(wire::WsParser::Role::kServer, 1 << 20);
    while (true) {
      std::string_view rest = in;
      while (true) {
        const WsEvent event = parser.next(rest);
        if (event.kind == Kind::kNeedMore) break;
        send(socket, answer(event));
        if (event.kind == Kind::kError || event.kind == Kind::kClose) return;
      }
      in.clear();
      const Result<bool> more = socket.receive(in, deadline_in(kLong));
      if (!more || !*more) return;
    }
  };
}

std::string echo(const WsEvent& event) {
  switch (event.kind) {
    case Kind::kText:
      return frame(WsOpcode::kText, event.payload);
    case Kind::kBinary:
      return frame(WsOpcode::kBinary, event.payload);
    case Kind::kPing:
      return frame(WsOpcode::kPong, event.payload);
    case Kind::kPong:
      return frame(WsOpcode::kText, "pong " + event.payload);
    case Kind::kClose:
      return frame(WsOpcode::kClose, wire::close_payload(event.close_code, event.payload));
    case Kind::kError:
      return frame(WsOpcode::kClose, wire::close_payload(event.close_code, event.payload));
    case Kind::kNeedMore:
      break;
  }
  return {};
}

WsClient opened(const SmallServer& server, const WsOptions& options = {}) {
  Result<WsClient> client = WsClient::open(server.url("/ws"), options);
  REQUIRE(client.has_value());
  return std::move(*client);
}

WsEvent next(WsClient& client) {
  const Result<std::optional<WsEvent>> event = client.next(kLong);
  REQUIRE(event.has_value());
  REQUIRE(event->has_value());
  return **event;
}

}  // namespace

TEST_CASE("messages of all sizes go there and back") {
  SmallServer server(websocket(echo));
  WsClient client = opened(server);
  for (std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 500000u}) {
    const std::string text(size, 'x');
    CHECK(client.send_text(text).has_value());
    const WsEvent event = next(client);
    CHECK(event.kind == Kind::kText);
    CHECK(event.payload == text);
  }
  CHECK(client.send_binary("\xff\xfe").has_value());
  CHECK(next(client).kind == Kind::kBinary);
  CHECK(client.send_frame(WsOpcode::kText, "a", false).has_value());
  CHECK(client.send_frame(WsOpcode::kContinuation, "b").has_value());
  CHECK(next(client).payload == "ab");
  CHECK(client.send_ping("p").has_value());
  CHECK(next(client).kind == Kind::kPong);
  CHECK_FALSE((*client.next(kShort)).has_value());
}

TEST_CASE("what comes with the handshake is not lost") {
  SmallServer server(websocket(echo, frame(WsOpcode::kText, "welcome")));
  WsClient client = opened(server);
  CHECK(next(client).payload == "welcome");
}

TEST_CASE("subprotocols and headers") {
  SmallServer server(websocket(echo));
  WsOptions options;
  options.subprotocols = {"a", "b"};
  CHECK(opened(server, options).subprotocol() == "b");
  CHECK(opened(server).subprotocol().empty());
  CHECK(opened(server).headers().find("Upgrade") == "websocket");
}

TEST_CASE("pings are answered, or handed over") {
  SmallServer server(websocket(echo, frame(WsOpcode::kPing, "one")));
  WsClient answering = opened(server);
  CHECK(next(answering).payload == "pong one");
  answering.abort();
  WsOptions options;
  options.answer_pings = false;
  WsClient handing = opened(server, options);
  CHECK(next(handing).kind == Kind::kPing);
}

TEST_CASE("either side begins the closing handshake") {
  SmallServer server(websocket(echo));
  WsClient client = opened(server);
  CHECK(client.send_close(1000, "bye").has_value());
  const WsEvent answer = next(client);
  CHECK(answer.kind == Kind::kClose);
  CHECK(answer.close_code == 1000);
  CHECK(answer.payload == "bye");
  CHECK(client.closed());
  CHECK(next(client).close_code == 1000);

  std::uint16_t echoed = 0;
  {
    SmallServer closing(websocket(
        [&](const WsEvent& event) {
          echoed = event.close_code;
          return std::string();
        },
        frame(WsOpcode::kClose, wire::close_payload(1012, "restart"))));
    WsClient told = opened(closing);
    const WsEvent close = next(told);
    CHECK(close.close_code == 1012);
    CHECK(close.payload == "restart");
  }
  CHECK(echoed == 1012);
}

TEST_CASE("a connection that just ends is an abnormal close") {
  SmallServer server([](Socket& socket) {
    std::string rest;
    const wire::HttpRequest request = read_request(socket, rest);
    std::string out;
    wire::append_handshake_response(out, *request.header("Sec-WebSocket-Key"));
    send(socket, out);
  });
  WsClient client = opened(server);
  CHECK(next(client).close_code == WsClient::kAbnormalClose);
}

TEST_CASE("raw bytes that break the rules are closed upon") {
  SmallServer server(websocket(echo));
  WsClient client = opened(server);
  CHECK(client.send_raw(frame(WsOpcode::kText, "unmasked")).has_value());
  CHECK(next(client).close_code == 1002);
}

TEST_CASE("a server that breaks the rules is told so") {
  std::uint16_t told = 0;
  {
    SmallServer server(websocket(
        [&](const WsEvent& event) {
          told = event.close_code;
          return std::string();
        },
        frame(WsOpcode::kText, "\xff")));
    WsClient client = opened(server);
    CHECK(client.next(kLong).error().code == "bad_frame");
    CHECK(next(client).kind == Kind::kClose);
  }
  CHECK(told == 1007);
}

TEST_CASE("handshakes that are refused or broken") {
  const auto failure = [](const std::string& answer) {
    SmallServer server([=](Socket& socket) {
      std::string rest;
      read_request(socket, rest);
      send(socket, answer);
    });
    return WsClient::open(server.url()).error();
  };
  const Error refused = failure("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\norigin");
  CHECK(refused.code == "handshake_refused");
  CHECK(refused.message == "403 origin");
  CHECK(failure("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
            .code == "bad_handshake");
  CHECK(failure("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n").code ==
        "bad_handshake");
  CHECK(failure("nonsense\r\n\r\n").code == "bad_handshake");
  CHECK(failure("").code == "bad_handshake");
  SmallServer silent([](Socket& socket) { wait_for_end(socket); });
  WsOptions hasty;
  hasty.timeout = kShort;
  CHECK(WsClient::open(silent.url(), hasty).error().code == "timeout");
}

}  // namespace relay::client
