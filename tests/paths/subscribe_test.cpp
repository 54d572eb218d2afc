// Path 2: a subscription, from the request to the first live message; and HTTP itself around it.
#include <nlohmann/json.hpp>

#include "support/await.hpp"
#include "support/catch.hpp"
#include "support/relayd_process.hpp"
#include "support/storage_under_test.hpp"
#include "support/streams.hpp"

using namespace relay::test;
using Json = nlohmann::json;

namespace {

struct Stage {
  StorageUnderTest storage;
  RelaydProcess relayd{storage.settings({{"cors.allowed_origins", "https://app.example"},
                                         {"sse.heartbeat", "200ms"},
                                         {"websocket.ping_interval", "300ms"},
                                         {"websocket.pong_timeout", "300ms"},
                                         {"http.idle_timeout", "500ms"}})};
  Stage() { relayd.await_ready(); }
  std::uint16_t port() const { return relayd.port(); }
};

Stage& stage() {
  static Stage one;
  return one;
}

int publish(const std::string& channel, std::string_view body) {
  return http_post(stage().port(), "/v1/channels/" + channel + "/messages", body).status;
}

}  // namespace

TEST_CASE("The head of a stream leaves when the subscription is live") {
  for (int i = 0; i < 20; ++i) {
    const std::string channel = "live-" + std::to_string(i);
    StreamSet streams;
    Stream& stream =
        streams.open(stage().port(), i % 2 == 0 ? Wire::kSse : Wire::kWsJson, "channel=" + channel);
    REQUIRE(
        streams.run_until([&] { return i % 2 == 0 ? stream.live() : stream.find("subscribed") != nullptr; }));
    REQUIRE(publish(channel, "first") == 201);
    REQUIRE(streams.run_until([&] { return stream.count(Item::Kind::kMessage) == 1; }));
  }
}

TEST_CASE("A stream without a cursor begins live") {
  REQUIRE(publish("fresh", "old") == 201);
  StreamSet streams;
  Stream& stream = streams.open(stage().port(), Wire::kSse, "channel=fresh");
  REQUIRE(streams.await_live());
  REQUIRE(publish("fresh", "new") == 201);
  REQUIRE(streams.run_until([&] { return !stream.items().empty(); }));
  CHECK(stream.items()[0].data == "new");
}

TEST_CASE("The headers of a stream keep caches and proxies away") {
  StreamSet streams;
  Stream& stream =
      streams.open(stage().port(), Wire::kSse, "channel=heads", {{"Origin", "https://app.example"}});
  REQUIRE(streams.await_live());
  CHECK(stream.header("Content-Type").find("text/event-stream") == 0);
  CHECK(stream.header("Cache-Control").find("no-cache") != std::string::npos);
  CHECK(stream.header("X-Accel-Buffering") == "no");
  CHECK(stream.header("Access-Control-Allow-Origin") == "https://app.example");
}

TEST_CASE("A silent stream gets heartbeats, a silent WebSocket is pinged and dropped if it does not answer") {
  HttpClient sse(stage().port());
  sse.send(format_request("GET", "/v1/events?channel=quiet"));
  std::string got;
  while (got.find(":\n\n") == std::string::npos) got += sse.read_some();
  HttpClient ws(stage().port());
  ws.send(format_request("GET", "/v1/ws?channel=quiet",
                         {{"Connection", "Upgrade"},
                          {"Upgrade", "websocket"},
                          {"Sec-WebSocket-Version", "13"},
                          {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}));
  const std::string all = ws.read_to_end(std::chrono::seconds(5));
  CHECK(all.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
  CHECK(all.find("\x89") != std::string::npos);
}

TEST_CASE("HEAD, OPTIONS and methods that are not there") {
  const auto ask = [](std::string_view method, std::string_view target, HeaderList headers = {}) {
    return HttpClient(stage().port()).request(method, target, headers);
  };
  const HttpAnswer head = ask("HEAD", "/v1/events?channel=a");
  CHECK(head.status == 200);
  CHECK(head.header("Content-Type").find("text/event-stream") == 0);
  CHECK(ask("HEAD", "/v1/channels/a/messages").status == 200);
  CHECK(ask("HEAD", "/v1/events?channel=a%20b").status == 400);
  const HttpAnswer options = ask("OPTIONS", "/v1/channels/a/messages");
  CHECK(options.status == 204);
  CHECK(options.header("Allow").find("POST") != std::string::npos);
  CHECK(options.header("Access-Control-Allow-Methods").empty());
  const HttpAnswer preflight = ask("OPTIONS", "/v1/events",
                                   {{"Origin", "https://app.example"},
                                    {"Access-Control-Request-Method", "GET"},
                                    {"Access-Control-Request-Headers", "last-event-id"}});
  CHECK(preflight.status == 204);
  CHECK(preflight.header("Access-Control-Allow-Origin") == "https://app.example");
  CHECK(preflight.header("Access-Control-Allow-Headers").find("Last-Event-ID") != std::string::npos);
  const HttpAnswer foreign =
      ask("OPTIONS", "/v1/events",
          {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "GET"}});
  CHECK(foreign.header("Access-Control-Allow-Origin").empty());
  CHECK(foreign.header("Access-Control-Allow-Methods").empty());
  CHECK(ask("DELETE", "/v1/channels/a/messages").status == 405);
  CHECK(ask("PUT", "/v1/events").header("Allow").find("GET") != std::string::npos);
  CHECK(ask("GET", "/v1/nowhere").status == 404);
  CHECK(Json::parse(ask("GET", "/v1/nowhere").body)["error"]["code"] == "not_found");
}

TEST_CASE("One connection carries many requests, pipelined ones in order") {
  HttpClient client(stage().port());
  for (int i = 0; i < 3; ++i) {
    const HttpAnswer answer =
        client.request("POST", "/v1/channels/kept-alive/messages", {}, "x" + std::to_string(i));
    CHECK(answer.status == 201);
    CHECK(answer.keep_alive);
  }
  std::string pipeline;
  for (int i = 0; i < 50; ++i) {
    pipeline += format_request("POST", "/v1/channels/pipe-" + std::to_string(i) + "/messages", {}, "m");
    pipeline += format_request("GET", "/v1/channels/pipe-" + std::to_string(i) + "/messages");
  }
  client.send(pipeline);
  for (int i = 0; i < 50; ++i) {
    const HttpAnswer stored = client.read_answer();
    REQUIRE(stored.status == 201);
    CHECK(Json::parse(stored.body)["channel"] == "pipe-" + std::to_string(i));
    const HttpAnswer read = client.read_answer();
    REQUIRE(read.status == 200);
    CHECK(Json::parse(read.body)["messages"].size() == 1);
  }
  // A stream may stand at the end of a pipeline.
  client.send(format_request("POST", "/v1/channels/pipe/messages", {}, "before") +
              format_request("GET", "/v1/events?channel=pipe&last_event_id=0"));
  CHECK(client.read_answer().status == 201);
  std::string stream;
  while (stream.find("data: before") == std::string::npos) stream += client.read_some();
  CHECK(stream.find("HTTP/1.1 200") != std::string::npos);
}

TEST_CASE("A long poll in a pipeline holds what is behind it, in order") {
  HttpClient client(stage().port());
  client.send(format_request("GET", "/v1/channels/poll/messages?wait=5s") +
              format_request("GET", "/v1/channels/poll/messages?limit=1"));
  REQUIRE(publish("poll", "go") == 201);
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer answer = client.read_answer();
    CHECK(answer.status == 200);
    CHECK(Json::parse(answer.body)["messages"].size() == 1);
  }
  const auto began = std::chrono::steady_clock::now();
  const HttpAnswer empty = http_get(stage().port(), "/v1/channels/never/messages?wait=300ms");
  CHECK(Json::parse(empty.body)["messages"].empty());
  // Waiting is counted in ticks of 100 ms, the first of which has begun before.
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(200));
}

TEST_CASE("HTTP/1.0 is spoken: answers close, streams come without chunks") {
  HttpClient plain(stage().port());
  plain.send("GET /v1/channels/a/messages HTTP/1.0\r\n\r\n");
  const std::string answer = plain.read_to_end();
  CHECK(answer.find(" 200 ") != std::string::npos);
  CHECK(answer.find("Transfer-Encoding") == std::string::npos);
  HttpClient stream(stage().port());
  stream.send("GET /v1/events?channel=old HTTP/1.0\r\n\r\n");
  std::string got = stream.read_some();
  REQUIRE(publish("old", "plain") == 201);
  while (got.find("data: plain\n\n") == std::string::npos) got += stream.read_some();
  CHECK(got.find("Transfer-Encoding") == std::string::npos);
  const auto body = got.substr(got.find("\r\n\r\n") + 4);
  CHECK(body.find("\r\n") == std::string::npos);
}

TEST_CASE("Expect: 100-continue is answered before the body") {
  HttpClient client(stage().port());
  client.send(
      "POST /v1/channels/expect/messages HTTP/1.1\r\nHost: r\r\nContent-Length: 4\r\nExpect: "
      "100-continue\r\n\r\n");
  const std::string go = client.read_some();
  CHECK(go.find("HTTP/1.1 100 Continue\r\n\r\n") == 0);
  client.send("body");
  CHECK(client.read_answer().status == 201);
  HttpClient too_much(stage().port());
  too_much.send(
      "POST /v1/channels/expect/messages HTTP/1.1\r\nHost: r\r\nContent-Length: 99999999999\r\nExpect: "
      "100-continue\r\n\r\n");
  const HttpAnswer refused = too_much.read_answer();
  CHECK(refused.status == 413);
  CHECK(refused.interim == 0);
}

TEST_CASE("A chunked body is put together; an idle connection is closed after http.idle_timeout") {
  HttpClient client(stage().port());
  client.send(
      "POST /v1/channels/chunks/messages HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
  CHECK(client.read_answer().status == 201);
  const Json kept = Json::parse(client.request("GET", "/v1/channels/chunks/messages").body);
  CHECK(kept["messages"][0]["data"] == "abcde");
  CHECK(client.read_to_end(std::chrono::seconds(5)).empty());
}

TEST_CASE("Half a close still gets its answer") {
  HttpClient client(stage().port());
  client.send(format_request("POST", "/v1/channels/half/messages", {}, "x"));
  client.shut_down_writing();
  CHECK(client.read_answer().status == 201);
}

TEST_CASE("Half a close still gets all of its answers, and then the other half") {
  constexpr int kRequests = 20;
  HttpClient client(stage().port());
  std::string pipeline;
  for (int i = 0; i < kRequests; ++i)
    pipeline += format_request("POST", "/v1/channels/halves/messages", {}, std::to_string(i));
  // What follows the last one: nothing, a part of a request, or a stream, which has nobody to speak to.
  pipeline += GENERATE(std::string(), "POST /v1/chan", format_request("GET", "/v1/events?channel=halves"));
  client.send(pipeline);
  client.shut_down_writing();
  for (int i = 0; i < kRequests; ++i) REQUIRE(client.read_answer().status == 201);
  client.read_to_end(std::chrono::seconds(5));  // throws if it does not come
}

TEST_CASE("As many channels as are allowed, and not one more") {
  std::string query;
  for (int i = 0; i < 1000; ++i) query += "channel=c" + std::to_string(i) + "&";
  StreamSet streams;
  Stream& stream = streams.open(stage().port(), Wire::kSseJson, query);
  REQUIRE(streams.await_live());
  for (const std::string& channel : std::vector<std::string>{"c0", "c500", "c999"})
    REQUIRE(publish(channel, channel) == 201);
  REQUIRE(streams.run_until([&] { return stream.items().size() == 3; }));
  CHECK(http_get(stage().port(), "/v1/events?" + query + "channel=one-more").status == 400);
  CHECK(http_get(stage().port(), "/v1/events").status == 400);
}

TEST_CASE("The operator port tells health, version and metrics, and the public port does not") {
  const std::uint16_t port = stage().relayd.operator_port();
  for (const std::string& path :
       std::vector<std::string>{"/livez", "/readyz", "/health", "/ready", "/healthz", "/version"}) {
    CHECK(http_get(port, path).status == 200);
    CHECK(http_get(stage().port(), path).status == 404);
  }
  const Json version = Json::parse(http_get(port, "/version").body);
  CHECK(version["version"] == RELAY_VERSION);
  CHECK(version["commit"].is_string());
  CHECK(http_get(port, "/metrics").body.find("commit=\"" + version["commit"].get<std::string>() + '"') !=
        std::string::npos);
  CHECK(http_get(stage().port(), "/metrics").status == 404);
  const Json verbose = Json::parse(http_get(port, "/readyz?verbose").body);
  CHECK(verbose["checks"][0].contains("node"));
  CHECK(http_get(port, "/v1/channels/a/messages").status == 404);
}

TEST_CASE("Channels and subscriptions are counted for clients, not for relayd itself") {
  const auto counts_become = [](const std::string& channels, const std::string& subscriptions) {
    return await([&] {
      const std::string body = http_get(stage().relayd.operator_port(), "/metrics").body;
      return body.find("\nrelayd_channels " + channels + "\n") != std::string::npos &&
             body.find("\nrelayd_subscriptions " + subscriptions + "\n") != std::string::npos;
    });
  };
  CHECK(counts_become("0", "0"));
  {
    StreamSet streams;
    streams.open(stage().port(), Wire::kSse, "channel=counted&channel=$presence:counted");
    REQUIRE(streams.await_live());
    CHECK(counts_become("2", "2"));
  }
  CHECK(counts_become("0", "0"));
}

TEST_CASE("Nothing was logged at error") {
  CHECK(stage().relayd.errors_logged().empty());
}
