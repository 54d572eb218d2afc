// The frame parser, as server and as client: the same events for every cut, text always UTF-8, nothing over
// the limit, only close codes that may be sent; and any payload that is written comes back.
#include <string>

#include "base/text.hpp"
#include "fuzz/fuzz.hpp"
#include "wire/websocket.hpp"

namespace {

using relay::fuzz::promise;
using relay::wire::WsEvent;
using relay::wire::WsOpcode;
using relay::wire::WsParser;
using Kind = WsEvent::Kind;

constexpr std::size_t kMaxMessageBytes = 300;

void check_event(const WsEvent& event) {
  if (event.kind == Kind::kText) promise(relay::is_utf8(event.payload), "text is UTF-8");
  if (event.kind == Kind::kText || event.kind == Kind::kBinary) {
    promise(event.payload.size() <= kMaxMessageBytes, "a message is within its limit");
  }
  if (event.kind == Kind::kPing || event.kind == Kind::kPong) {
    promise(event.payload.size() <= relay::wire::kWsMaxControlBytes, "a control frame is short");
  }
  if (event.kind == Kind::kClose) {
    promise(event.close_code == 1005 || relay::wire::is_sendable_close_code(event.close_code),
            "a close code is one");
    promise(relay::is_utf8(event.payload), "a close reason is UTF-8");
  }
  if (event.kind == Kind::kError) {
    const auto code = event.close_code;
    promise(code == 1002 || code == 1007 || code == 1009, "an error has its close code");
  }
}

struct Reader {
  explicit Reader(WsParser::Role role) : parser(role, kMaxMessageBytes) {}
  WsParser parser;
  std::string seen;
  bool failed = false;

  void feed(std::string_view bytes) {
    while (!failed) {
      const WsEvent event = parser.next(bytes);
      check_event(event);
      if (event.kind == Kind::kNeedMore) {
        promise(bytes.empty(), "all is taken when there is no event");
        return;
      }
      failed = event.kind == Kind::kError;
      seen += std::to_string(static_cast<int>(event.kind)) + std::to_string(event.close_code) +
              event.payload + "\n";
    }
  }
};

void check_cuts(const relay::fuzz::Cut& input, WsParser::Role role) {
  Reader whole(role);
  whole.feed(input.whole);
  Reader halves(role);
  halves.feed(input.front);
  halves.feed(input.back);
  promise(whole.seen == halves.seen, "frames mean the same however they are cut");
  promise(whole.parser.idle() == halves.parser.idle(), "and leave the parser alike");
}

void check_payload_round_trip(std::string_view payload) {
  payload = payload.substr(0, kMaxMessageBytes);
  std::string stream;
  relay::wire::append_frame(stream, WsOpcode::kBinary, payload, 0x01020304, false);
  relay::wire::append_frame(stream, WsOpcode::kContinuation, {}, 0x05060708);
  WsParser parser(WsParser::Role::kServer, kMaxMessageBytes);
  std::string_view in = stream;
  const WsEvent event = parser.next(in);
  promise(event.kind == Kind::kBinary && event.payload == payload, "a payload comes back");
  promise(in.empty() && parser.idle(), "and leaves nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const relay::fuzz::Cut input = relay::fuzz::cut(data, size);
  check_cuts(input, WsParser::Role::kServer);
  check_cuts(input, WsParser::Role::kClient);
  check_payload_round_trip(input.whole);
  return 0;
}
