#include "frontend/bridge_session.hpp"

#include <sys/socket.h>

#include "frontend/bridge_fixture.hpp"
#include "support/catch.hpp"

namespace relay::testing {
namespace {

using metrics::Counter;
using metrics::Gauge;

const std::string kWallet = client_id(1);
const std::string kDapp = client_id(2);

std::string message_of(const wire::SseEvent& event) {
  const auto begin = event.data.find("\"message\":\"") + 11;
  return event.data.substr(begin, event.data.find('"', begin) - begin);
}

std::string error_body(std::string_view message) {
  return "{\"message\":\"" + std::string(message) + "\",\"statusCode\":400}\n";
}

// Messages until `last` came, in their order.
std::vector<std::string> messages_until(Client& stream, const std::string& last) {
  std::vector<std::string> messages;
  while (messages.empty() || messages.back() != last) messages.push_back(message_of(stream.event()));
  return messages;
}

TEST_CASE("a stream begins with its head and one line feed, then events to the letter") {
  BridgeServer server;
  Client stream = server.connect();
  stream.request("GET", "/bridge/events?client_id=" + kDapp, {{"Origin", "https://dapp.example"}});
  const Answer head = stream.head();
  CHECK(head.status == 200);
  CHECK(head.field("Content-Type") == "text/event-stream");
  CHECK(head.field("Cache-Control") == "private, no-cache, no-transform");
  CHECK(head.field("Connection") == "keep-alive");
  CHECK(head.field("Transfer-Encoding") == "chunked");
  CHECK(head.field("X-Accel-Buffering") == "no");
  CHECK(head.field("Access-Control-Allow-Origin") == "*");
  stream.await("\n");
  CHECK(stream.body() == "\n");
  const std::string trace = "0190a1b2-c3d4-7e5f-8a9b-0123456789ab";
  REQUIRE(server.post(kWallet, kDapp, "300", "aGk=", {}, "&trace_id=" + trace).status == 200);
  const wire::SseEvent event = stream.event();
  CHECK(stream.body() == "\nevent: message\nid: " + event.id + "\ndata: {\"from\":\"" + kWallet +
                             "\",\"message\":\"aGk=\",\"trace_id\":\"" + trace +
                             "\",\"connect_source\":{\"ip\":\"\"}}\n\n");
}

TEST_CASE("the head leaves on its own, before any backlog") {
  BridgeServer server;
  REQUIRE(server.post(kWallet, kDapp, "300", "one").status == 200);
  for (int i = 0; i < 20; ++i) {
    Client stream = server.connect();
    stream.request("GET", "/bridge/events?client_id=" + kDapp);
    // The kernel may join what a slow reader left lying; the line feed is the last thing of its write all the
    // same.
    const std::string first = stream.read_some();
    CHECK(first.find("1\r\n\n\r\n") != std::string::npos);
  }
}

TEST_CASE("without a cursor a stream gets everything kept, and live messages after it") {
  BridgeServer server;
  for (const char* text : {"one", "two"}) REQUIRE(server.post(kWallet, kDapp, "300", text).status == 200);
  Client stream = server.stream("client_id=" + kDapp);
  CHECK(message_of(stream.event()) == "one");
  CHECK(message_of(stream.event()) == "two");
  REQUIRE(server.post(kWallet, kDapp, "300", "three").status == 200);
  CHECK(message_of(stream.event()) == "three");
  CHECK(server.total(Counter::kBridgeDelivered) == 3);
  CHECK(server.total(Counter::kBridgeTransferred) == 3);
}

TEST_CASE("a stream resumes after the id in its header or its query") {
  BridgeServer server;
  for (const char* text : {"one", "two", "three"})
    REQUIRE(server.post(kWallet, kDapp, "300", text).status == 200);
  Client all = server.stream("client_id=" + kDapp);
  const std::string first = all.event().id;
  const std::string second = all.event().id;
  Client by_header =
      server.stream("client_id=" + kDapp + "&last_event_id=" + first, {{"Last-Event-ID", second}});
  CHECK(message_of(by_header.event()) == "three");
  Client by_query = server.stream("client_id=" + kDapp + "&last_event_id=" + first, {{"Last-Event-ID", "0"}});
  CHECK(message_of(by_query.event()) == "two");
  Client before =
      server.stream("client_id=" + kDapp + "&last_event_id=" + std::to_string(std::stoull(second) - 1));
  CHECK(message_of(before.event()) == "two");
}

TEST_CASE("a cursor from the future hides nothing that is sent from now on") {
  BridgeServer server;
  REQUIRE(server.post(kWallet, kDapp, "300", "old").status == 200);
  for (const char* cursor : {"9007199254740991", "9223372036854775807"}) {
    Client stream = server.stream("client_id=" + kDapp + "&last_event_id=" + std::string(cursor));
    REQUIRE(server.post(kWallet, kDapp, "300", cursor).status == 200);
    CHECK(message_of(stream.event()) == cursor);
  }
}

TEST_CASE("many ids on one stream, with ttls of every length: everything once, by id") {
  BridgeServer server({}, 2);
  std::string list;
  for (int i = 10; i < 110; ++i) list += (list.empty() ? "" : "%2C") + client_id(i);
  std::vector<std::string> sent;
  for (int i = 0; i < 300; ++i) {
    const std::string text = "m" + std::to_string(i);
    REQUIRE(server
                .ask("POST",
                     "/bridge/message?client_id=" + kWallet + "&to=" + client_id(10 + i * 37 % 100) +
                         "&ttl=" + std::to_string(300 - i % 200),
                     {{"Authorization", "none"}, {"X-Forwarded-For", "10.0.0." + std::to_string(i % 200)}},
                     text)
                .status == 200);
    sent.push_back(text);
  }
  Client stream = server.stream("client_id=" + list);
  std::vector<std::string> got;
  std::uint64_t last = 0;
  std::string middle;
  for (int i = 0; i < 300; ++i) {
    const wire::SseEvent event = stream.event();
    const std::uint64_t id = std::stoull(event.id);
    CHECK(id > last);
    last = id;
    if (i == 149) middle = event.id;
    got.push_back(message_of(event));
  }
  CHECK(got == sent);
  Client resumed = server.stream("client_id=" + list, {{"Last-Event-ID", middle}});
  CHECK(messages_until(resumed, "m299") == std::vector<std::string>(sent.begin() + 150, sent.end()));
}

TEST_CASE("an id listed twice gets its messages once") {
  BridgeServer server;
  Client stream = server.stream("client_id=" + kDapp + "," + kDapp);
  for (const char* text : {"one", "two"}) REQUIRE(server.post(kWallet, kDapp, "300", text).status == 200);
  CHECK(message_of(stream.event()) == "one");
  CHECK(message_of(stream.event()) == "two");
  CHECK(server.total(Gauge::kBridgeSubscriptions) == 1);
}

TEST_CASE("several streams of an id get everything each") {
  BridgeServer server({}, 2);
  std::vector<Client> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(server.stream("client_id=" + kDapp));
  REQUIRE(server.post(kWallet, kDapp, "0", "all").status == 200);
  for (Client& stream : streams) CHECK(message_of(stream.event()) == "all");
}

TEST_CASE("a message is gone when its ttl is over, others are not") {
  BridgeServer server;
  REQUIRE(server.post(kWallet, kDapp, "300", "long").status == 200);
  REQUIRE(server.post(kWallet, kDapp, "1", "short").status == 200);
  server.pass(std::chrono::milliseconds(1100));
  REQUIRE(server.post(kWallet, kDapp, "300", "end").status == 200);
  Client stream = server.stream("client_id=" + kDapp);
  CHECK(messages_until(stream, "end") == std::vector<std::string>{"long", "end"});
}

TEST_CASE("bad requests are answered 400, not opened") {
  BridgeServer server;
  const std::string good = "client_id=" + kDapp;
  const auto ask = [&](const std::string& query, const Fields& fields = {}) {
    const Answer answer = server.ask("GET", "/bridge/events?" + query, fields);
    CHECK(answer.status == 400);
    CHECK(answer.field("Content-Type") == "application/json");
    return answer.body;
  };
  CHECK(ask("") == error_body("param \\\"client_id\\\" not present"));
  CHECK(ask(good + "&heartbeat=x") == error_body("invalid heartbeat type. Supported: legacy and message"));
  CHECK(ask(good + "&last_event_id=") == error_body("last_event_id should be int"));
  CHECK(ask(good, {{"Last-Event-ID", "1.5"}}) == error_body("Last-Event-ID should be int"));
  CHECK(ask("client_id=ab") ==
        error_body("param \\\"client_id\\\" must be a valid public address, error: public "
                   "address must be 64 characters long"));
  CHECK(server.total(Counter::kBridgeBadRequests) == 5);
  CHECK(server.total(Gauge::kBridgeConnections) == 0);
}

TEST_CASE("heartbeats come regardless of traffic, in the form asked for") {
  options::Options options;
  options.bridge.heartbeat = Milliseconds(100);
  BridgeServer server(options);
  Client legacy = server.stream("client_id=" + kDapp);
  Client message = server.stream("client_id=" + kDapp + "&heartbeat=message");
  legacy.await("\nevent: heartbeat\n\nevent: heartbeat\n\n");
  CHECK(legacy.body().starts_with("\nevent: heartbeat\n\n"));
  message.await("event: message\r\ndata: heartbeat\r\n\r\nevent: message\r\ndata: heartbeat\r\n\r\n");
  CHECK(message.event().data == "heartbeat");
}

TEST_CASE("a lifetime ends the stream cleanly") {
  options::Options options;
  options.bridge.max_lifetime = Milliseconds(200);
  options.bridge.max_lifetime_jitter = Milliseconds(100);
  BridgeServer server(options);
  Client stream = server.stream("client_id=" + kDapp);
  CHECK_NOTHROW(stream.await_end());
  CHECK(stream.body() == "\n");
  server.await(Gauge::kBridgeConnections, 0);
  CHECK(server.total(Gauge::kBridgeSubscriptions) == 0);
}

TEST_CASE("HTTP/1.0 gets a body that ends with the connection") {
  options::Options options;
  options.bridge.max_lifetime = Milliseconds(200);
  options.bridge.max_lifetime_jitter = Milliseconds(0);
  BridgeServer server(options);
  REQUIRE(server.post(kWallet, kDapp, "300", "old").status == 200);
  Client stream = server.connect();
  stream.request("GET", "/bridge/events?client_id=" + kDapp, {}, {}, "HTTP/1.0");
  CHECK(stream.head().field("Transfer-Encoding") == "(none)");
  CHECK(message_of(stream.event()) == "old");
  stream.await_end();
  CHECK(stream.body().starts_with("\nevent: message\nid: "));
  CHECK(stream.body().ends_with("}\n\n"));
}

TEST_CASE("an address has so many streams and no more, but for a bypass token") {
  options::Options options;
  options.bridge.connections_limit = 2;
  options.bridge.bypass_tokens = {"secret"};
  BridgeServer server(options, 2);
  const std::string target = "/bridge/events?client_id=" + kDapp;
  Client first = server.stream("client_id=" + kDapp);
  {
    Client second = server.stream("client_id=" + kDapp);
    const Answer refused = server.ask("GET", target, {{"Origin", "https://a"}});
    CHECK(refused.status == 429);
    CHECK(
        refused.body ==
        "{\"message\":\"you have reached the limit of streaming connections: 2 max\",\"statusCode\":429}\n");
    CHECK(refused.field("Access-Control-Allow-Origin") == "*");
    CHECK(refused.field("Retry-After") != "(none)");
    CHECK_NOTHROW(server.stream("client_id=" + kDapp, {{"Authorization", "Bearer secret"}}));
    // A trusted proxy speaks for another client; what that client claims itself does not count.
    CHECK_NOTHROW(server.stream("client_id=" + kDapp, {{"X-Forwarded-For", "127.0.0.9, 203.0.113.5"}}));
  }
  server.await(Gauge::kBridgeConnections, 1);
  CHECK_NOTHROW(server.stream("client_id=" + kDapp));
}

TEST_CASE("a reader that does not read is closed and resumes from its last id") {
  options::Options options;
  options.client.max_queue_bytes = 256 * options::kKiB;
  options.bridge.rps_limit = 0;
  BridgeServer server(options);
  Client slow = server.connect();
  const int small = 4096;
  setsockopt(slow.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  slow.request("GET", "/bridge/events?client_id=" + kDapp);
  server.await(Gauge::kBridgeConnections, 1);
  Client sender = server.connect();
  int sent = 0;
  while (server.total(Counter::kSlowClientsClosed) == 0) {
    REQUIRE(++sent < 1000);
    sender.request("POST", "/bridge/message?client_id=" + kWallet + "&to=" + kDapp + "&ttl=300", {},
                   std::string(60'000, 'x'));
    REQUIRE(sender.answer().status == 200);
  }
  server.await(Gauge::kBridgeConnections, 0);
  Client again = server.stream("client_id=" + kDapp);
  for (int i = 0; i < sent; ++i) CHECK(message_of(again.event()).size() == 60'000);
}

TEST_CASE("a store that is down refuses the stream with 503") {
  BridgeServer server;
  server.fail_reads(true);
  const Answer answer = server.ask("GET", "/bridge/events?client_id=" + kDapp, {{"Origin", "https://a"}});
  CHECK(answer.status == 503);
  CHECK(answer.body == "{\"message\":\"failed to subscribe\",\"statusCode\":503}\n");
  CHECK(answer.field("Access-Control-Allow-Origin") == "*");
  server.await(Gauge::kBridgeConnections, 0);
}

TEST_CASE("a drain ends streams with a retry and a clean end") {
  BridgeServer server;
  Client stream = server.stream("client_id=" + kDapp);
  server.drain();
  stream.await_end();
  CHECK(stream.body().starts_with("\nretry: "));
}

TEST_CASE("an answer does not overtake the acknowledgement of what it answers") {
  BridgeServer server({}, 2);
  Client dapp = server.stream("client_id=" + kDapp);
  Client wallet = server.stream("client_id=" + kWallet);
  Client post = server.connect();
  server.withhold_answers();
  post.request("POST", "/bridge/message?client_id=" + kDapp + "&to=" + kWallet + "&ttl=300", {}, "request");
  // The wallet hears of it although the dApp was not told yet, and answers at once.
  REQUIRE(message_of(wallet.event()) == "request");
  Client answer = server.connect();
  answer.request("POST", "/bridge/message?client_id=" + kWallet + "&to=" + kDapp + "&ttl=300", {}, "answer");
  server.await_stored(2);
  server.settle();
  Client other = server.stream("client_id=" + client_id(3));
  Client third = server.connect();
  third.request("POST", "/bridge/message?client_id=" + client_id(4) + "&to=" + client_id(3) + "&ttl=300", {},
                "free");
  CHECK(message_of(other.event()) == "free");  // who has no POST in flight waits for nothing
  CHECK(server.total(Counter::kBridgeDelivered) == 2);
  server.release_answers();
  CHECK(post.answer().status == 200);
  CHECK(message_of(dapp.event()) == "answer");
  CHECK(answer.answer().status == 200);
}

TEST_CASE("what a cork holds back keeps its order") {
  options::Options options;
  options.bridge.rps_limit = 0;
  BridgeServer server(options, 2);
  const std::string second = client_id(3);
  Client dapp = server.stream("client_id=" + kDapp + "," + second);
  server.withhold_answers();
  std::vector<Client> posts;
  std::vector<std::string> expected;
  const auto send = [&](const std::string& from, const std::string& to, const std::string& text) {
    posts.push_back(server.connect());
    posts.back().request("POST", "/bridge/message?client_id=" + from + "&to=" + to + "&ttl=300", {}, text);
    server.await_stored(static_cast<std::int64_t>(posts.size()));
  };
  send(kDapp, kWallet, "request");
  for (int i = 0; i < 50; ++i) {
    expected.push_back("m" + std::to_string(i));
    if (i == 25) send(second, kWallet, "another request");
    send(kWallet, i % 2 == 0 ? kDapp : second, expected.back());
  }
  server.settle();
  CHECK(server.total(Counter::kBridgeDelivered) == 0);
  server.release_answers();
  CHECK(messages_until(dapp, "m49") == expected);
}

}  // namespace
}  // namespace relay::testing
