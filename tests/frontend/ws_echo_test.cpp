// The WebSocket session over real sockets, in the manner of the Autobahn cases: sizes, fragments, control
// frames between them, every cut of the byte stream, UTF-8, closes. The server is
// tests/support/ws_echo_server.cpp.
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using Op = relay::wire::WsOpcode;

namespace {

struct Server {
  ChildProcess process{{WS_ECHO_SERVER}};
  std::uint16_t port = 0;
  Server() {
    const auto line = process.await_line("listening 127.0.0.1:", std::chrono::seconds(10));
    if (line) port = static_cast<std::uint16_t>(std::stoi(line->substr(line->rfind(':') + 1)));
  }
};

std::uint16_t port() {
  static Server server;
  REQUIRE(server.port != 0);
  return server.port;
}

struct Session {
  StreamSet streams;
  Stream& ws = streams.open(port(), Wire::kWsRaw, "");
  Session() { REQUIRE(streams.await_live()); }
  // The next thing that comes back.
  Item next() {
    const std::size_t before = taken_++;
    REQUIRE(streams.run_until([&] { return ws.items().size() > before; }));
    return ws.items()[before];
  }
  std::uint16_t close_code() {
    REQUIRE(streams.run_until([&] { return ws.ended(); }, std::chrono::seconds(5)));
    return ws.close_code();
  }

 private:
  std::size_t taken_ = 0;
};

std::string masked(Op opcode, std::string_view payload, bool fin = true) {
  std::string frame;
  relay::wire::append_frame(frame, opcode, payload, 0xa1b2c3d4, fin);
  return frame;
}

}  // namespace

TEST_CASE("Messages of every length class come back as they were") {
  Session session;
  for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65535, 65536, 65537, 300'000, 4'000'000}) {
    const std::string text(size, '*');
    session.ws.send_frame(Op::kText, text);
    const Item item = session.next();
    CHECK(item.data == text);
    CHECK(item.event.empty());
    std::string bytes(size, '\xfe');
    session.ws.send_frame(Op::kBinary, bytes);
    const Item binary = session.next();
    CHECK(binary.data == bytes);
    CHECK(binary.event == "binary");
  }
}

TEST_CASE("The byte stream may be cut anywhere") {
  const std::string bytes = masked(Op::kText, "one") + masked(Op::kText, "tw", false) +
                            masked(Op::kPing, "p") + masked(Op::kContinuation, "o") +
                            masked(Op::kBinary, std::string(200, 'b'));
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Session session;
    session.ws.send_bytes(std::string_view(bytes).substr(0, cut));
    session.ws.send_bytes(std::string_view(bytes).substr(cut));
    REQUIRE(session.next().data == "one");
    REQUIRE(session.next().event == "PONG");
    REQUIRE(session.next().data == "two");
    REQUIRE(session.next().data == std::string(200, 'b'));
  }
  Session slowly;
  for (const char byte : bytes) slowly.ws.send_bytes({&byte, 1});
  CHECK(slowly.next().data == "one");
}

TEST_CASE("Pings are answered with their payload, unasked pongs are not answered") {
  Session session;
  for (const std::size_t size : {0, 1, 125}) {
    session.ws.send_frame(Op::kPing, std::string(size, 'p'));
    const Item pong = session.next();
    CHECK(pong.event == "PONG");
    CHECK(pong.data == std::string(size, 'p'));
  }
  session.ws.send_frame(Op::kPong, "unasked");
  session.ws.send_frame(Op::kText, "next");
  CHECK(session.next().data == "next");
}

TEST_CASE("A message in many fragments is one message; control frames may stand between them") {
  Session session;
  std::string whole;
  for (int i = 0; i < 500; ++i) {
    const std::string piece = std::to_string(i) + (i % 7 == 0 ? "" : ",");
    session.ws.send_frame(i == 0 ? Op::kText : Op::kContinuation, piece, false);
    whole += piece;
    if (i % 100 == 50) session.ws.send_frame(Op::kPing, "between");
  }
  session.ws.send_frame(Op::kContinuation, "");
  for (int i = 0; i < 5; ++i) CHECK(session.next().event == "PONG");
  CHECK(session.next().data == whole);
}

TEST_CASE("UTF-8 is checked over frames and fragments, and failed as soon as it cannot become valid") {
  const std::string text = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5 \xf0\x9f\x98\x80";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Session session;
    session.ws.send_frame(Op::kText, text.substr(0, cut), false);
    session.ws.send_frame(Op::kContinuation, text.substr(cut));
    REQUIRE(session.next().data == text);
  }
  for (const std::string& bad : std::vector<std::string>{"\xce\xba\xf4\x90\x80\x80", "\xed\xa0\x80",
                                                         "\xc0\xaf", "\xff", "\x80", "\xe2\x82"}) {
    Session session;
    session.ws.send_frame(Op::kText, bad);
    CHECK(session.close_code() == 1007);
  }
  Session fast;
  fast.ws.send_frame(Op::kText, "\xce\xba\xff", false);  // no end of the message is needed to know
  CHECK(fast.close_code() == 1007);
}

TEST_CASE("What is forbidden fails with the code for it, and nothing is echoed") {
  const std::vector<std::pair<std::string, std::uint16_t>> cases{
      {std::string("\xC1\x80\0\0\0\0", 6), 1002},
      {std::string("\xA1\x80\0\0\0\0", 6), 1002},
      {std::string("\x91\x80\0\0\0\0", 6), 1002},
      {std::string("\x83\x80\0\0\0\0", 6), 1002},
      {std::string("\x87\x80\0\0\0\0", 6), 1002},
      {std::string("\x8B\x80\0\0\0\0", 6), 1002},
      {std::string("\x8F\x80\0\0\0\0", 6), 1002},
      {std::string("\x81\x01x", 3), 1002},
      {masked(Op::kContinuation, "x"), 1002},
      {masked(Op::kContinuation, "x", false), 1002},
      {masked(Op::kPing, std::string(126, 'p')), 1002},
      {masked(Op::kPing, "p", false), 1002},
      {masked(Op::kPong, "p", false), 1002},
      {masked(Op::kText, "a", false) + masked(Op::kText, "b"), 1002},
      {masked(Op::kClose, "x"), 1002},
      {masked(Op::kClose, std::string(126, 'c')), 1002},
      {masked(Op::kClose, std::string("\x03\xe8\xff", 3)), 1007},
  };
  for (const auto& [bytes, code] : cases) {
    Session session;
    session.ws.send_bytes(bytes + masked(Op::kText, "behind"));
    CHECK(session.close_code() == code);
    CHECK(session.ws.count(Item::Kind::kMessage) == 0);
  }
}

TEST_CASE("Closes: every valid code comes back, every invalid one is a protocol error") {
  const auto close_with = [](unsigned code, const std::string& reason = "") {
    Session session;
    session.ws.send_frame(Op::kClose,
                          std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason);
    return session.close_code();
  };
  for (const unsigned code :
       {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 3000U, 3999U, 4000U, 4999U}) {
    CHECK(close_with(code) == code);
  }
  for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U})
    CHECK(close_with(code) == 1002);
  CHECK(close_with(1000, std::string(123, 'r')) == 1000);
  Session after;
  after.ws.send_bytes(masked(Op::kClose, std::string("\x03\xe8", 2)) + masked(Op::kText, "too late") +
                      masked(Op::kPing, ""));
  CHECK(after.close_code() == 1000);
  CHECK(after.ws.items().empty());
}
