#include "wire/sse.hpp"

#include "support/catch.hpp"
#include "wire/pieces.hpp"

namespace relay::wire {

namespace {

using namespace std::string_view_literals;

std::string describe(const SseEvent& event) {
  if (event.kind == SseEvent::Kind::kComment) return "comment [" + event.data + "]\n";
  if (event.kind == SseEvent::Kind::kRetry) return "retry " + std::to_string(event.retry.count()) + "\n";
  return event.event + " #" + event.id + " [" + event.data + "]\n";
}

std::string read(std::string_view stream, SseParser::Report report = SseParser::Report::kEverything) {
  return same_for_every_cut(stream, [&](const Pieces& pieces) {
    SseParser parser(report);
    std::string text;
    for (std::string_view piece : pieces)
      parser.feed(piece, [&](SseEvent event) { text += describe(event); });
    return text;
  });
}

std::string written(std::string_view event, std::string_view id, std::string_view data) {
  std::string out;
  append_sse_event(out, event, id, data);
  return out;
}

}  // namespace

TEST_CASE("events are written field by field") {
  CHECK(written("", "", "x") == "data: x\n\n");
  CHECK(written("message", "42", "x") == "event: message\nid: 42\ndata: x\n\n");
  CHECK(written("", "", "") == "data: \n\n");
}

TEST_CASE("no payload can forge a field") {
  CHECK(written("", "1", "a\nid: 2\revent: x\r\n\ndata: y\n\r") ==
        "id: 1\ndata: a\ndata: id: 2\ndata: event: x\ndata: \ndata: data: y\ndata: \ndata: \n\n");
  CHECK(written("", "", "\r\n") == "data: \ndata: \n\n");
  CHECK(written("", "", "\n\r") == "data: \ndata: \ndata: \n\n");
  CHECK(written("", "", "\r\r\n\n") == "data: \ndata: \ndata: \ndata: \n\n");
}

TEST_CASE("comments and retry") {
  std::string out;
  append_sse_comment(out, "");
  append_sse_comment(out, "a\r\ndata: b");
  append_sse_retry(out, std::chrono::milliseconds(2500));
  CHECK(out == ":\n\n: a\n: data: b\n\nretry: 2500\n\n");
  CHECK(read(out) == "comment []\ncomment [a]\ncomment [data: b]\nretry 2500\n");
  CHECK(read(out, SseParser::Report::kMessages).empty());
}

TEST_CASE("field text has no line ends and no NUL") {
  CHECK(is_sse_field_text("a:b \xC3\xA4"));
  CHECK(is_sse_field_text(""));
  CHECK_FALSE(is_sse_field_text("a\n"));
  CHECK_FALSE(is_sse_field_text("\ra"));
  CHECK_FALSE(is_sse_field_text(std::string_view("\0", 1)));
}

TEST_CASE("what is written is read back") {
  for (std::string data :
       {"", " ", "a", " a", "a\nb", "\n", "\n\n", "a\n", ":", "data: x", "id", "\xC3\xA4"}) {
    CHECK(read(written("e", "7", data)) == "e #7 [" + data + "]\n");
    CHECK(read(written("", "", data)) == "message # [" + data + "]\n");
  }
  CHECK(read(written("", "", "a\r\nb\rc")) == "message # [a\nb\nc]\n");
}

// The examples of WHATWG HTML §9.2.6, and the cases of its prose.
TEST_CASE("streams are read as the standard says") {
  CHECK(read("data: YHOO\ndata: +2\ndata: 10\n\n") == "message # [YHOO\n+2\n10]\n");
  CHECK(
      read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n") ==
      "comment [test stream]\nmessage #1 [first event]\nmessage # [second event]\nmessage # [ third "
      "event]\n");
  CHECK(read("data\n\ndata\ndata\n\ndata:") == "message # []\nmessage # [\n]\n");
  CHECK(read("data:test\n\ndata: test\n\n") == "message # [test]\nmessage # [test]\n");
  CHECK(read("data: a\r\rdata: b\r\n\r\ndata: c\n\r") == "message # [a]\nmessage # [b]\nmessage # [c]\n");
  CHECK(read("event: e\n\ndata: x\n\n") == "message # [x]\n");
  CHECK(read("event: e\ndata: x\n\ndata: y\n\n") == "e # [x]\nmessage # [y]\n");
  CHECK(read("unknown: 1\nData: x\n data: x\ndata : x\n\n").empty());
  CHECK(read("data: unfinished\n").empty());
}

TEST_CASE("the last event id stays until it is changed") {
  CHECK(read("id: 1\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\nid\ndata: d\n\n") ==
        "message #1 [a]\nmessage #1 [b]\nmessage #2 [c]\nmessage # [d]\n");
  CHECK(read("id: 1\nid: 2\0\ndata: a\n\n"sv) == "message #1 [a]\n");
}

TEST_CASE("the last event id moves when a block ends, and outlives the stream") {
  SseParser parser;
  const auto ignore = [](SseEvent) {};
  parser.feed("id: 1\n", ignore);
  CHECK(parser.last_event_id().empty());
  parser.feed("\n", ignore);
  CHECK(parser.last_event_id() == "1");
  parser.feed("id: 2\ndata: lost\nretry: 7\n", ignore);
  parser.restart();
  CHECK(parser.last_event_id() == "1");
  CHECK(parser.retry() == std::chrono::milliseconds(7));
  std::string text;
  parser.feed("data: a\n\n", [&](SseEvent event) { text = describe(event); });
  CHECK(text == "message #1 [a]\n");
}

TEST_CASE("retry takes digits only") {
  CHECK(read("retry: 10\n") == "retry 10\n");
  CHECK(read("retry: 10s\nretry: -1\nretry:\nretry: 1.5\nretry: 99999999999999999999\n").empty());
}

TEST_CASE("a byte order mark is skipped once, at the front, whole") {
  CHECK(read("\xEF\xBB\xBF"
             "data: a\n\n") == "message # [a]\n");
  CHECK(read("\xEF\xBB\xBF\xEF\xBB\xBF"
             "data: a\n\ndata: b\n\n") == "message # [b]\n");
  CHECK(read("\xEF\xBB"
             "data: a\n\ndata: b\n\n") == "message # [b]\n");
  CHECK(read("data: a\n\n\xEF\xBB\xBF"
             "data: b\n\n") == "message # [a]\n");
}

TEST_CASE("lines longer than a search window, ended in every way") {
  for (std::size_t size : {505u, 506u, 507u, 511u, 512u, 513u, 1023u, 1024u, 1030u}) {
    const std::string line(size, 'x');
    for (std::string end : {"\n", "\r", "\r\n"}) {
      CHECK(read("data: " + line + end + "data: y" + end + end) == "message # [" + line + "\ny]\n");
    }
  }
}

TEST_CASE("pending bytes tell what a stream makes a client hold") {
  SseParser parser;
  const auto ignore = [](SseEvent) {};
  parser.feed("data: 12345\ndata: 678", ignore);
  CHECK(parser.pending_bytes() == 15);
  parser.feed("\n\n", ignore);
  CHECK(parser.pending_bytes() == 0);
}

}  // namespace relay::wire
