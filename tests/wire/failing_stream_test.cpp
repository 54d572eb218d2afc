// Whole conversations through the codecs over a stream that breaks at step N, for every N: whatever was
// answered before the break is the front of what is answered without one, and nothing is answered that was
// not asked.
#include <limits>

#include "support/catch.hpp"
#include "wire/chunked.hpp"
#include "wire/http1.hpp"
#include "wire/http1_client.hpp"
#include "wire/http_response.hpp"
#include "wire/memory_stream.hpp"
#include "wire/sse.hpp"
#include "wire/ws_text.hpp"

namespace relay::wire {

namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

// An echo server for HTTP: each request is answered with its body; a refusal ends the connection.
void serve_http(MemoryStream& stream) {
  HttpRequestParser parser(HttpLimits{1024, 1024});
  while (std::optional<std::string_view> piece = stream.read()) {
    if (piece->empty()) return;
    while (!piece->empty()) {
      piece->remove_prefix(parser.feed(*piece));
      std::string answer;
      const bool failed = parser.state() == HttpRequestParser::State::kFailed;
      if (parser.state() == HttpRequestParser::State::kDone) {
        const HttpRequest request = parser.take_request();
        append_response(answer, {200, "", request.body, {{"Date-Free", request.target}}}, true, false, 1);
      } else if (failed) {
        append_response(answer, {parser.error_status(), "", std::string(parser.error_message()), {}}, false,
                        false, 1);
      }
      if (!answer.empty() && !stream.write(answer)) return;
      if (failed) return;
    }
  }
}

// An echo server for WebSocket frames.
void serve_frames(MemoryStream& stream) {
  WsParser parser(WsParser::Role::kServer, 1024);
  while (std::optional<std::string_view> piece = stream.read()) {
    if (piece->empty()) return;
    while (true) {
      const WsEvent event = parser.next(*piece);
      if (event.kind == WsEvent::Kind::kNeedMore) break;
      std::string answer;
      switch (event.kind) {
        case WsEvent::Kind::kText:
          append_frame(answer, WsOpcode::kText, event.payload);
          break;
        case WsEvent::Kind::kBinary:
          append_frame(answer, WsOpcode::kBinary, event.payload);
          break;
        case WsEvent::Kind::kPing:
          append_frame(answer, WsOpcode::kPong, event.payload);
          break;
        case WsEvent::Kind::kClose:
        case WsEvent::Kind::kError:
          append_frame(answer, WsOpcode::kClose, close_payload(event.close_code, event.payload));
          break;
        default:
          break;
      }
      if (!answer.empty() && !stream.write(answer)) return;
      if (event.kind == WsEvent::Kind::kClose || event.kind == WsEvent::Kind::kError) return;
    }
  }
}

std::string without_dates(std::string text) {
  for (std::size_t at; (at = text.find("Date: ")) != std::string::npos;)
    text.erase(at, text.find('\n', at) + 1 - at);
  return text;
}

// Runs the server over the script cut into pieces of each size, broken at each step; returns the unbroken
// answer.
template <class Serve>
std::string run_broken_everywhere(std::string_view script, Serve serve) {
  std::string unbroken;
  for (std::size_t piece_bytes : {std::size_t{1}, std::size_t{7}, script.size()}) {
    MemoryStream whole(script, piece_bytes, kNever);
    serve(whole);
    const std::string expected = without_dates(whole.written());
    if (unbroken.empty()) unbroken = expected;
    CHECK(expected == unbroken);
    bool broke = true;
    for (std::size_t fail_at = 0; broke; ++fail_at) {
      MemoryStream stream(script, piece_bytes, fail_at);
      serve(stream);
      broke = stream.broken();
      const std::string answered = without_dates(stream.written());
      INFO("pieces of " << piece_bytes << ", broken at step " << fail_at);
      if (expected.compare(0, answered.size(), answered) != 0) CHECK(answered == expected);
      if (!broke) CHECK(answered == expected);
    }
  }
  return unbroken;
}

std::size_t count(std::string_view text, std::string_view wanted) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(wanted, at)) != std::string_view::npos; at += wanted.size())
    ++found;
  return found;
}

}  // namespace

TEST_CASE("HTTP requests over a stream that breaks at every step") {
  const std::string script =
      "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
      "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /4 HTTP/9.9\r\nHost: x\r\n\r\n";
  const std::string answers = run_broken_everywhere(script, serve_http);
  CHECK(count(answers, "HTTP/1.1 200 OK") == 3);
  CHECK(count(answers, "HTTP/1.1 505 ") == 1);
  CHECK(count(answers, "\r\n\r\ntwo") == 1);
}

TEST_CASE("WebSocket frames over a stream that breaks at every step") {
  const std::string script = frame(WsOpcode::kText, "one") + frame(WsOpcode::kText, "tw", false) +
                             frame(WsOpcode::kPing, "p") + frame(WsOpcode::kContinuation, "o") +
                             frame(WsOpcode::kBinary, std::string(200, 'b')) + close_frame(1000, "bye");
  const std::string answers = run_broken_everywhere(script, serve_frames);
  CHECK(read_frames({answers}, WsParser::Role::kClient, 1024) ==
        "text [one]\npong [p]\ntext [two]\nbinary [" + std::string(200, 'b') + "]\nclose 1000 [bye]\nidle");
}

TEST_CASE("a broken frame is answered by its close code at whatever step it arrives") {
  const std::string script = frame(WsOpcode::kText, "one") + frame(WsOpcode::kText, "\xff");
  const std::string answers = run_broken_everywhere(script, serve_frames);
  CHECK(read_frames({answers}, WsParser::Role::kClient, 1024) ==
        "text [one]\nclose 1007 [a text message is not UTF-8]\nidle");
}

TEST_CASE("an event stream that breaks at every byte gives only whole events") {
  std::string stream;
  std::string response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 1; i <= 5; ++i) {
    stream.clear();
    append_sse_event(stream, "e", std::to_string(i), "line\nof " + std::to_string(i));
    append_chunk(response, stream);
  }
  std::size_t most = 0;
  for (std::size_t end = 0; end <= response.size(); ++end) {
    HttpResponseParser parser;
    SseParser events;
    std::string body;
    parser.feed(std::string_view(response).substr(0, end), body);
    std::size_t seen = 0;
    events.feed(body, [&](const SseEvent& event) {
      ++seen;
      CHECK(event.id == std::to_string(seen));
      CHECK(event.data == "line\nof " + std::to_string(seen));
    });
    CHECK(seen >= most);
    CHECK(events.last_event_id() == (seen == 0 ? "" : std::to_string(seen)));
    most = seen;
    parser.feed_end();
    CHECK(parser.state() == HttpResponseParser::State::kFailed);
  }
  CHECK(most == 5);
}

}  // namespace relay::wire
