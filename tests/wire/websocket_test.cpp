#include "wire/websocket.hpp"

#include "support/catch.hpp"
#include "wire/ws_text.hpp"

namespace relay::wire {

namespace {

using Role = WsParser::Role;
constexpr auto kText = WsOpcode::kText;
constexpr auto kBinary = WsOpcode::kBinary;
constexpr auto kMore = WsOpcode::kContinuation;
constexpr auto kPing = WsOpcode::kPing;
constexpr auto kPong = WsOpcode::kPong;
constexpr auto kClose = WsOpcode::kClose;

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out.push_back(static_cast<char>(value));
  return out;
}

}  // namespace

// RFC 6455 §5.7.
TEST_CASE("the examples of the standard, written and read") {
  std::string out;
  append_frame(out, kText, "Hello");
  CHECK(out == bytes({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
  CHECK(read_every_cut(out, Role::kClient) == "text [Hello]\nidle");
  out.clear();
  append_frame(out, kText, "Hello", 0x37fa213d);
  CHECK(out == bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  CHECK(read_every_cut(out) == "text [Hello]\nidle");
  out.clear();
  append_frame(out, kText, "Hel", {}, false);
  append_frame(out, kMore, "lo");
  CHECK(out == bytes({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}));
  CHECK(read_every_cut(out, Role::kClient) == "text [Hello]\nidle");
  out.clear();
  append_frame(out, kBinary, std::string(256, 'x'));
  CHECK(out.substr(0, 4) == bytes({0x82, 0x7e, 0x01, 0x00}));
  out.clear();
  append_frame(out, kBinary, std::string(65536, 'x'));
  CHECK(out.substr(0, 10) == bytes({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_CASE("messages of every size around the length encodings") {
  for (std::size_t size : {0u, 1u, 7u, 8u, 9u, 124u, 125u, 126u, 127u, 128u, 300u}) {
    const std::string payload(size, 'a');
    CHECK(read_every_cut(frame(kText, payload)) == "text [" + payload + "]\nidle");
    CHECK(read_every_cut(frame(kBinary, payload)) == "binary [" + payload + "]\nidle");
  }
  for (std::size_t size : {65535u, 65536u, 65537u, 200000u}) {
    const std::string payload(size, 'a');
    const std::string input = frame(kText, payload);
    const std::string expected = "text [" + payload + "]\nidle";
    CHECK(read_frames({input}, Role::kServer, 1 << 20) == expected);
    CHECK(read_frames(single_bytes(input), Role::kServer, 1 << 20) == expected);
  }
}

TEST_CASE("masks apply at every size and phase") {
  std::string plain;
  for (int i = 0; i < 40; ++i) plain.push_back(static_cast<char>(i * 7));
  const std::string mask = bytes({0xA1, 0xB2, 0xC3, 0xD4});
  for (std::size_t size = 0; size <= plain.size(); ++size) {
    for (std::size_t phase = 0; phase < 4; ++phase) {
      std::string expected = plain.substr(0, size);
      for (std::size_t i = 0; i < size; ++i)
        expected[i] = static_cast<char>(expected[i] ^ mask[(i + phase) % 4]);
      std::string masked = plain.substr(0, size);
      apply_ws_mask(masked.data(), masked.size(), kTestMask, phase);
      if (masked != expected) CHECK(masked == expected);
    }
  }
  CHECK(plain.size() == 40);
}

TEST_CASE("pings and pongs, alone and between fragments") {
  CHECK(read_every_cut(frame(kPing, "")) == "ping []\nidle");
  CHECK(read_every_cut(frame(kPing, "\xff\xfe")) == "ping [\xff\xfe]\nidle");
  CHECK(read_every_cut(frame(kPong, "unasked")) == "pong [unasked]\nidle");
  CHECK(read_every_cut(frame(kPing, std::string(125, 'p'))) == "ping [" + std::string(125, 'p') + "]\nidle");
  CHECK(read_every_cut(frame(kText, "a", false) + frame(kPing, "1") + frame(kMore, "b", false) +
                       frame(kPong, "2") + frame(kMore, "c")) == "ping [1]\npong [2]\ntext [abc]\nidle");
}

TEST_CASE("fragments make one message") {
  CHECK(read_every_cut(frame(kText, "", false) + frame(kMore, "", false) + frame(kMore, "")) ==
        "text []\nidle");
  CHECK(read_every_cut(frame(kBinary, "\xff", false) + frame(kMore, "\xfe") + frame(kText, "x")) ==
        "binary [\xff\xfe]\ntext [x]\nidle");
  CHECK(read_every_cut(frame(kText, "open", false)) == "inside");
}

TEST_CASE("fragmentation that breaks the rules is 1002") {
  const std::string error = "error 1002\n";
  CHECK(read_every_cut(frame(kMore, "x")) == error);
  CHECK(read_every_cut(frame(kMore, "x", false)) == error);
  CHECK(read_every_cut(frame(kText, "a", false) + frame(kText, "b")) == error);
  CHECK(read_every_cut(frame(kText, "a", false) + frame(kBinary, "b")) == error);
  CHECK(read_every_cut(frame(kText, "a", false) + frame(kMore, "b") + frame(kMore, "c")) ==
        "text [ab]\n" + error);
  CHECK(read_every_cut(frame(kPing, "", false)) == error);
  CHECK(read_every_cut(frame(kClose, "", false)) == error);
}

TEST_CASE("masking is required of clients and forbidden to servers") {
  std::string unmasked;
  append_frame(unmasked, kText, "x");
  CHECK(read_every_cut(unmasked, Role::kServer) == "error 1002\n");
  CHECK(read_every_cut(frame(kText, "x"), Role::kClient) == "error 1002\n");
}

TEST_CASE("reserved bits and opcodes are 1002, at their first byte") {
  for (int first = 0; first < 256; ++first) {
    const int opcode = first & 0x0f;
    const bool reserved = (first & 0x70) != 0 || (opcode > 2 && opcode < 8) || opcode > 10;
    const bool control = opcode >= 8;
    const bool misplaced = opcode == 0 || (control && (first & 0x80) == 0);
    const bool wrong = reserved || misplaced;
    WsParser parser(Role::kServer, 100);
    const std::string byte = bytes({first});
    std::string_view in = byte;
    const WsEvent event = parser.next(in);
    INFO("first byte " << first);
    CHECK((event.kind == WsEvent::Kind::kError) == wrong);
    if (wrong) CHECK(event.close_code == 1002);
  }
}

TEST_CASE("control frames over 125 bytes are 1002") {
  CHECK(read_every_cut(frame(kPing, std::string(126, 'x'))) == "error 1002\n");
  CHECK(read_every_cut(bytes({0x88, 0xff})) == "error 1002\n");
}

TEST_CASE("lengths are encoded minimally") {
  CHECK(read_every_cut(bytes({0x81, 0xfe, 0x00, 0x7d})) == "error 1002\n");
  CHECK(read_every_cut(bytes({0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) == "error 1002\n");
  CHECK(read_every_cut(bytes({0x81, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0})) == "error 1002\n");
}

TEST_CASE("messages over the limit are 1009 as soon as a header shows it") {
  const auto limited = [](std::string_view input) { return read_every_cut(input, Role::kServer, 200); };
  CHECK(limited(frame(kText, std::string(200, 'x'))).substr(0, 4) == "text");
  CHECK(limited(bytes({0x81, 0xfe, 0x00, 0xc9})) == "error 1009\n");
  CHECK(limited(bytes({0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})) == "error 1009\n");
  CHECK(limited(frame(kText, std::string(120, 'x'), false) + bytes({0x80, 0xd1})) == "error 1009\n");
  CHECK(
      limited(frame(kText, std::string(120, 'x'), false) + frame(kMore, std::string(80, 'x'))).substr(0, 4) ==
      "text");
}

TEST_CASE("text is UTF-8, across fragments") {
  const std::string euro = "\xE2\x82\xAC";
  CHECK(read_every_cut(frame(kText, euro)) == "text [" + euro + "]\nidle");
  CHECK(read_every_cut(frame(kText, "\xE2", false) + frame(kPing, "") + frame(kMore, "\x82", false) +
                       frame(kMore, "\xAC")) == "ping []\ntext [" + euro + "]\nidle");
  const std::string error = "error 1007\n";
  for (std::string bad :
       {"\xff", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\x80", "\xE2\x82", "\xF8"}) {
    CHECK(read_every_cut(frame(kText, bad)) == error);
    CHECK(read_every_cut(frame(kText, bad, false) + frame(kMore, "")) == error);
    CHECK(read_every_cut(frame(kBinary, bad)) == "binary [" + bad + "]\nidle");
  }
}

TEST_CASE("bad UTF-8 fails at its byte, before its frame is whole") {
  const std::string whole = frame(kText, "ok\xff" + std::string(50, 'x'));
  WsParser parser(Role::kServer, 100);
  std::string_view in = std::string_view(whole).substr(0, 6 + 3);
  CHECK(describe(parser.next(in)) == "error 1007\n");
  CHECK(parser.idle());
}

TEST_CASE("close frames and their codes") {
  CHECK(read_every_cut(frame(kClose, "")) == "close 1005 []\nidle");
  CHECK(read_every_cut(close_frame(1000)) == "close 1000 []\nidle");
  CHECK(read_every_cut(close_frame(1000, "bye")) == "close 1000 [bye]\nidle");
  CHECK(read_every_cut(close_frame(4000, std::string(123, 'x'))).substr(0, 10) == "close 4000");
  CHECK(read_every_cut(frame(kClose, "x")) == "error 1002\n");
  CHECK(read_every_cut(close_frame(1000, "\xff")) == "error 1007\n");
  CHECK(read_every_cut(close_frame(1000, "\xE2\x82")) == "error 1007\n");
  for (int code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    CHECK(is_sendable_close_code(static_cast<std::uint16_t>(code)));
    CHECK(read_every_cut(close_frame(static_cast<std::uint16_t>(code))) ==
          "close " + std::to_string(code) + " []\nidle");
  }
  for (int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    CHECK_FALSE(is_sendable_close_code(static_cast<std::uint16_t>(code)));
    CHECK(read_every_cut(close_frame(static_cast<std::uint16_t>(code))) == "error 1002\n");
  }
}

TEST_CASE("what follows a close frame is dropped") {
  CHECK(read_every_cut(close_frame(1000) + frame(kText, "late") + "\xff\xff\xff") == "close 1000 []\nidle");
  CHECK(read_every_cut(frame(kText, "a", false) + close_frame(1001) + frame(kMore, "b")) ==
        "close 1001 []\nidle");
}

TEST_CASE("an error is repeated and says why") {
  WsParser parser(Role::kServer, 100);
  const std::string input = frame(kMore, "x");
  std::string_view in = input;
  const WsEvent first = parser.next(in);
  CHECK(first.payload == "a continuation without a message");
  CHECK(parser.next(in).payload == first.payload);
  std::string_view nothing;
  CHECK(parser.next(nothing).close_code == 1002);
}

TEST_CASE("close reasons are cut at a character") {
  CHECK(close_payload(1000, "") == bytes({0x03, 0xe8}));
  CHECK(close_payload(1012, "x") == bytes({0x03, 0xf4, 'x'}));
  CHECK(close_payload(1000, std::string(123, 'x')).size() == 125);
  CHECK(close_payload(1000, std::string(124, 'x')).size() == 125);
  CHECK(close_payload(1000, std::string(122, 'x') + "\xE2\x82\xAC").size() == 124);
  CHECK(close_payload(1000, std::string(120, 'x') + "\xE2\x82\xAC!").size() == 125);
}

TEST_CASE("an idle parser is small and holds nothing") {
  CHECK(sizeof(WsParser) <= 24);
  WsParser parser(Role::kServer, 1 << 20);
  CHECK(parser.idle());
  const std::string input = frame(kText, std::string(100, 'x'), false) + frame(kMore, "y");
  std::string_view part = std::string_view(input).substr(0, 50);
  CHECK(parser.next(part).kind == WsEvent::Kind::kNeedMore);
  CHECK_FALSE(parser.idle());
  WsParser moved = std::move(parser);
  std::string_view rest = std::string_view(input).substr(50);
  CHECK(moved.next(rest).payload.size() == 101);
  CHECK(moved.idle());
}

}  // namespace relay::wire
