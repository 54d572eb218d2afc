#include "client/sse_client.hpp"

#include <unistd.h>

#include "client/small_server.hpp"
#include "support/catch.hpp"
#include "wire/chunked.hpp"
#include "wire/http_response.hpp"

namespace relay::client {

namespace {

constexpr Milliseconds kLong{5000};
constexpr Milliseconds kShort{30};

std::string event(std::string_view id, std::string_view data) {
  std::string out;
  wire::append_sse_event(out, {}, id, data);
  return out;
}

std::string stream_head(int version_minor = 1) {
  std::string out;
  wire::append_stream_head(out, {200, "text/event-stream; charset=utf-8", "", {}}, version_minor);
  return out;
}

// Of opening or of the first event, whichever read the bytes.
std::string first_error(const SmallServer& server) {
  Result<SseClient> client = SseClient::open(server.url());
  if (!client) return client.error().code;
  const auto event = client->next(kLong);
  return event ? "none" : event.error().code;
}

SseClient opened(const SmallServer& server, const SseOptions& options = {}) {
  Result<SseClient> client = SseClient::open(server.url("/events"), options);
  REQUIRE(client.has_value());
  return std::move(*client);
}

}  // namespace

TEST_CASE("events come one by one, then nothing, then the end") {
  SmallServer server([](Socket& socket) {
    std::string rest;
    read_request(socket, rest);
    send(socket, stream_head() + wire::as_chunk(event("1", "a") + event("2", "b\nc")));
    send(socket, wire::as_chunk(event("3", "d").substr(0, 5)));
    read_request(socket, rest);
    send(socket, wire::as_chunk(event("3", "d").substr(5)) + std::string(wire::kLastChunk));
  });
  SseClient client = opened(server);
  CHECK(client.status() == 200);
  CHECK(client.is_stream());
  CHECK((*client.next(kLong))->data == "a");
  CHECK((*client.next(kLong))->data == "b\nc");
  CHECK(client.last_event_id() == "2");
  CHECK_FALSE((*client.next(kShort)).has_value());
  CHECK_FALSE(client.ended());
  Socket(::dup(client.socket().descriptor())).shut_down_writing();
  CHECK((*client.next(kLong))->data == "d");
  CHECK_FALSE((*client.next(kLong)).has_value());
  CHECK(client.ended());
  CHECK(client.last_event_id() == "3");
}

TEST_CASE("an unchunked stream ends with its connection") {
  SmallServer server([](Socket& socket) {
    std::string rest;
    read_request(socket, rest);
    send(socket, stream_head(0) + event("", "a"));
  });
  SseClient client = opened(server);
  CHECK((*client.next(kLong))->data == "a");
  CHECK_FALSE((*client.next(kLong)).has_value());
  CHECK(client.ended());
}

TEST_CASE("what the request says") {
  wire::HttpRequest seen;
  {
    SmallServer server([&](Socket& socket) {
      std::string rest;
      seen = read_request(socket, rest);
      send(socket, stream_head());
    });
    SseOptions options;
    options.headers = {{"Authorization", "Bearer x"}};
    options.last_event_id = "42";
    opened(server, options);
  }
  CHECK(seen.target == "/events");
  CHECK(seen.header("Accept") == "text/event-stream");
  CHECK(seen.header("Last-Event-ID") == "42");
  CHECK(seen.header("Authorization") == "Bearer x");
}

TEST_CASE("a refusal is no stream, and has a body") {
  SmallServer server([](Socket& socket) {
    std::string rest;
    read_request(socket, rest);
    std::string out;
    wire::append_response(out, {400, "application/json", "{\"error\":1}", {}}, false, false, 1);
    send(socket, out);
  });
  SseClient client = opened(server);
  CHECK(client.status() == 400);
  CHECK_FALSE(client.is_stream());
  CHECK(*client.read_body() == "{\"error\":1}");
}

TEST_CASE("comments and retry are told to those who ask") {
  SmallServer server([](Socket& socket) {
    std::string rest;
    read_request(socket, rest);
    send(socket, stream_head() + wire::as_chunk(": hi\n\nretry: 70\n\n" + event("1", "a")));
  });
  SseOptions options;
  options.report = wire::SseParser::Report::kEverything;
  SseClient client = opened(server, options);
  CHECK((*client.next(kLong))->kind == wire::SseEvent::Kind::kComment);
  CHECK((*client.next(kLong))->retry == Milliseconds(70));
  CHECK((*client.next(kLong))->data == "a");
  CHECK(client.retry() == Milliseconds(70));
  SseClient quiet = opened(server);
  CHECK((*quiet.next(kLong))->data == "a");
}

TEST_CASE("servers that do not answer, answer nonsense or never finish an event") {
  SmallServer silent([](Socket& socket) { wait_for_end(socket); });
  SseOptions hasty;
  hasty.timeout = kShort;
  CHECK(SseClient::open(silent.url(), hasty).error().code == "timeout");

  SmallServer gone([](Socket& socket) {
    std::string rest;
    read_request(socket, rest);
  });
  CHECK(SseClient::open(gone.url()).error().code == "connection_lost");

  SmallServer nonsense([](Socket& socket) {
    std::string rest;
    read_request(socket, rest);
    send(socket, stream_head() + "no chunk\r\n");
    wait_for_end(socket);
  });
  CHECK(first_error(nonsense) == "bad_response");

  SmallServer endless([](Socket& socket) {
    std::string rest;
    read_request(socket, rest);
    send(socket, stream_head() + wire::as_chunk("data: " + std::string(5000, 'x')));
    wait_for_end(socket);
  });
  SseOptions modest;
  modest.max_event_bytes = 1000;
  CHECK(opened(endless, modest).next(kLong).error().code == "event_too_large");
}

}  // namespace relay::client
