#include "drivers/sse_reader.hpp"

#include "support/catch.hpp"

#include <memory>

#include "bench/recorded.hpp"
#include "drivers/http_answers.hpp"
#include "drivers/ws_reader.hpp"
#include "wire/websocket.hpp"

namespace {

using namespace relay::bench;
using namespace relay::bench::test;
using Calls = std::vector<std::string>;

struct PlainSse final : SseReader {
  void on_event(const SseFields& fields, StreamSink& sink) override {
    if (fields.event == "gap") return sink.on_gap(fields.data);
    sink.on_message(fields.data, fields.id);
  }
  void on_comment(std::string_view text, StreamSink& sink) override { sink.reply(text); }
};

struct PlainWs final : WsReader {
  void on_open(StreamSink& sink) override { sink.on_live(); }
  void on_text(std::string_view text, StreamSink& sink) override { sink.on_message(text, {}); }
};

// The same calls wherever the bytes are cut in two, and one by one.
template <class Recorded, class Reader>
void expect_calls(const std::string& bytes, const Calls& expected) {
  const auto make = [] { return std::make_unique<Reader>(); };
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    INFO("cut at " << cut);
    REQUIRE(said<Recorded>(make, bytes, cut) == expected);
  }
  Recorded sink;
  const auto reader = make();
  for (const char& byte : bytes) reader->on_data({&byte, 1}, sink);
  REQUIRE(sink.calls == expected);
}

std::string frame(relay::wire::WsOpcode opcode, std::string_view payload, bool fin = true) {
  std::string out;
  relay::wire::append_frame(out, opcode, payload, std::nullopt, fin);
  return out;
}

constexpr const char* kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

}  // namespace

TEST_CASE("chunks and events need not end together") {
  expect_calls<RecordedStream, PlainSse>(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
      "8\r\n: live\n\n\r\n"
      "9;x=y\r\nid: 7\ndat\r\n"
      "A\r\na: one\n\nid\r\n"
      "2a\r\n: 8\r\ndata: two\r\ndata:three\r\n\r\nevent: gap\n\n\r\n"
      "0\r\n\r\n",
      {"live", "reply live", "message 7 one", "message 8 two\nthree", "gap ", "end"});
}

TEST_CASE("a stream without chunks is read to its end") {
  expect_calls<RecordedStream, PlainSse>(
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n: hi\n\nid: 5:0\ndata: x\n\nretry: 5\n\ndata: y\n\n",
      {"live", "reply hi", "message 5:0 x", "message  y"});
}

TEST_CASE("a refused stream says why") {
  const std::string bytes = "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno!\n";
  RecordedStream sink;
  PlainSse().on_data(bytes, sink);
  CHECK(sink.calls == Calls{"refused 403 no!\n"});
  RecordedStream garbage;
  PlainSse().on_data("SSH-2.0-x\r\n\r\n", garbage);
  REQUIRE(garbage.calls.size() == 1);
  CHECK(garbage.calls[0].starts_with("refused 0"));
}

TEST_CASE("a chunk size that is none ends the stream") {
  RecordedStream sink;
  PlainSse reader;
  reader.on_data("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", sink);
  reader.on_data("8\r\n: live\n\n\r\n", sink);
  CHECK(sink.calls == Calls{"live", "refused 0 a bad chunk"});
}

TEST_CASE("WebSocket messages come whole, in place or joined") {
  using relay::wire::WsOpcode;
  const std::string medium(300, 'm');
  const std::string large(70'000, 'l');
  const std::string bytes = kSwitching + frame(WsOpcode::kText, "one") + frame(WsOpcode::kText, "t", false) +
                            frame(WsOpcode::kPing, "!") + frame(WsOpcode::kContinuation, "wo") +
                            frame(WsOpcode::kBinary, medium);
  std::string pong;
  relay::wire::append_frame(pong, WsOpcode::kPong, "!", 0);
  expect_calls<RecordedStream, PlainWs>(
      bytes, {"live", "message  one", "reply " + pong, "message  two", "message  " + medium});
  RecordedStream sink;
  PlainWs().on_data(kSwitching + frame(WsOpcode::kText, large), sink);
  CHECK(sink.calls == Calls{"live", "message  " + large});
}

TEST_CASE("a close frame is an end or a refusal by its code") {
  using relay::wire::WsOpcode;
  expect_calls<RecordedStream, PlainWs>(
      kSwitching + frame(WsOpcode::kClose, relay::wire::close_payload(1001, "bye")), {"live", "end"});
  expect_calls<RecordedStream, PlainWs>(
      kSwitching + frame(WsOpcode::kClose, relay::wire::close_payload(1008, "slow")),
      {"live", "refused 1008 slow"});
  RecordedStream sink;
  PlainWs().on_data("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", sink);
  CHECK(sink.calls == Calls{"refused 401 no"});
}

TEST_CASE("a client's frame is read by the server's parser") {
  std::string out;
  append_client_text(out, "{\"id\":1}");
  relay::wire::WsParser parser(relay::wire::WsParser::Role::kServer, 1000);
  std::string_view view = out;
  const auto event = parser.next(view);
  CHECK(event.kind == relay::wire::WsEvent::Kind::kText);
  CHECK(event.payload == "{\"id\":1}");
}

TEST_CASE("pipelined answers are read in order") {
  expect_calls<RecordedAnswers, HttpAnswers>(
      "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
      "HTTP/1.1 204 No Content\r\n\r\n"
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n"
      "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n",
      {"stored 201", "stored 204", "refused 503 bad", "unknown 504 "});
}

TEST_CASE("a server that closes behind its answer takes nothing more") {
  RecordedAnswers sink;
  HttpAnswers reader;
  reader.on_data("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", sink);
  reader.on_data("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", sink);
  REQUIRE(sink.calls.size() == 2);
  CHECK(sink.calls[0] == "stored 200");
  CHECK(sink.calls[1].starts_with("over 200"));
}
