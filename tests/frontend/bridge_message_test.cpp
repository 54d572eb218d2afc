#include "frontend/bridge_handlers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "frontend/bridge_fixture.hpp"
#include "support/catch.hpp"

namespace relay::testing {
namespace {

using metrics::Counter;

const std::string kWallet = client_id(1);
const std::string kDapp = client_id(2);
const std::string kTarget = "/bridge/message?client_id=" + kWallet + "&to=" + kDapp + "&ttl=300";

std::string error_body(std::string_view message, int status = 400) {
  return "{\"message\":\"" + std::string(message) + "\",\"statusCode\":" + std::to_string(status) + "}\n";
}

std::string value_of(const wire::SseEvent& event, std::string_view name) {
  const std::string before = "\"" + std::string(name) + "\":\"";
  const auto begin = event.data.find(before) + before.size();
  return event.data.substr(begin, event.data.find('"', begin) - begin);
}

TEST_CASE("a stored message is acknowledged with Go's body") {
  BridgeServer server;
  const Answer answer = server.post(kWallet, kDapp, "300", "hello", {{"Origin", "https://a"}});
  CHECK(answer.status == 200);
  CHECK(answer.field("Content-Type") == "application/json");
  CHECK(answer.field("Access-Control-Allow-Origin") == "*");
  CHECK(answer.body == "{\"message\":\"OK\",\"statusCode\":200}\n");
}

TEST_CASE("bad messages are answered with Go's words and store nothing") {
  BridgeServer server;
  const auto refused = [&](const Answer& answer, std::string_view message) {
    CHECK(answer.status == 400);
    CHECK(answer.body == error_body(message));
  };
  refused(server.ask("POST", "/bridge/message"), "param \\\"client_id\\\" not present");
  refused(server.post("x", kDapp, "1", ""),
          "failed to parse the \\\"client_id\\\" address: public address must be 64 characters long");
  refused(server.post(kWallet, std::string(64, 'x'), "1", ""),
          "failed to parse the \\\"to\\\" address: public address must be a valid hex string");
  refused(server.post(kWallet, kDapp, "ten", ""), "strconv.ParseInt: parsing \\\"ten\\\": invalid syntax");
  refused(server.post(kWallet, kDapp, "301", ""), "param \\\"ttl\\\" too high");
  CHECK(server.total(Counter::kBridgeBadRequests) == 5);
  server.await_stored(0);
}

TEST_CASE("a message over the limit is 413, one at the limit passes whatever its bytes") {
  options::Options options;
  options.bridge.max_message_bytes = 64 * options::kKiB;
  BridgeServer server(options);
  CHECK(server.post(kWallet, kDapp, "300", std::string(64 * 1024 + 1, 'x')).status == 413);
  CHECK(server.post(kWallet, kDapp, "300", std::string(64 * 1024, '\x01')).status == 200);
  CHECK(server.post(kWallet, kDapp, "300", "").status == 200);
  server.await_stored(2);
}

TEST_CASE("a ttl of -60 reaches who listens and wipes nothing") {
  BridgeServer server;
  REQUIRE(server.post(kWallet, kDapp, "300", "kept").status == 200);
  Client live = server.stream("client_id=" + kDapp);
  CHECK(value_of(live.event(), "message") == "kept");
  for (const char* ttl : {"-60", "-2147483648", "0"}) {
    REQUIRE(server.post(kWallet, kDapp, ttl, ttl).status == 200);
    CHECK(value_of(live.event(), "message") == ttl);
  }
  server.await_stored(1);
  Client later = server.stream("client_id=" + kDapp);
  CHECK(value_of(later.event(), "message") == "kept");
}

TEST_CASE("any bytes are taken; what is not UTF-8 is replaced as Go does") {
  BridgeServer server;
  Client stream = server.stream("client_id=" + kDapp);
  REQUIRE(
      server
          .post(kWallet, kDapp, "300", std::string("a\0\xff\n\r<\xe2\x80\xa8", 9), {{"Content-Type", "x/y"}})
          .status == 200);
  CHECK(stream.event().data.find("\"message\":\"a\\u0000\\ufffd\\n\\r\\u003c\\u2028\",\"trace_id\":\"") !=
        std::string::npos);
}

TEST_CASE("a trace id passes; without one there is a new UUIDv7") {
  BridgeServer server;
  Client stream = server.stream("client_id=" + kDapp);
  server.post(kWallet, kDapp, "300", "x", {}, "&trace_id=%7B0190A1B2-C3D4-7E5F-8A9B-0123456789AB%7D");
  CHECK(value_of(stream.event(), "trace_id") == "0190a1b2-c3d4-7e5f-8a9b-0123456789ab");
  server.post(kWallet, kDapp, "300", "x", {}, "&trace_id=unknown");
  const std::string made = value_of(stream.event(), "trace_id");
  CHECK(made.size() == 36);
  CHECK(made[14] == '7');
}

TEST_CASE("an idempotency key stores a message once") {
  BridgeServer server;
  const Fields key{{"Idempotency-Key", "k"}};
  CHECK(server.post(kWallet, kDapp, "300", "x", key).status == 200);
  CHECK(server.post(kWallet, kDapp, "300", "x", key).status == 200);
  server.await_stored(1);
  CHECK(server.post(kWallet, kDapp, "300", "other", key).status == 409);
  // Another sender's key is another key.
  CHECK(server.post(client_id(3), kDapp, "300", "x", key).status == 200);
  server.await_stored(2);
  CHECK(server.post(kWallet, kDapp, "300", "x", {{"Idempotency-Key", std::string(256, 'k')}}).status == 400);
}

TEST_CASE("a store that is down is said to be, and nothing is stored") {
  BridgeServer server;
  server.fail_appends(true);
  const Answer answer = server.post(kWallet, kDapp, "300", "x");
  CHECK(answer.status == 503);
  CHECK(answer.body == error_body("failed to store message", 503));
  CHECK(answer.field("Retry-After") == "1");
  CHECK(server.total(Counter::kPublishFailedUnavailable) == 1);
  server.fail_appends(false);
  CHECK(server.post(kWallet, kDapp, "300", "x").status == 200);
}

TEST_CASE("an address may send so many a second; preflights cost nothing") {
  options::Options options;
  options.bridge.rps_limit = 3;
  options.bridge.bypass_tokens = {"secret"};
  BridgeServer server(options, 2);
  Client client = server.connect();
  const auto post = [&](const Fields& fields) {
    client.request("POST", kTarget, fields, "x");
    return client.answer();
  };
  for (int i = 0; i < 10; ++i) {
    client.request("OPTIONS", kTarget, {{"Origin", "https://a"}, {"Access-Control-Request-Method", "POST"}});
    CHECK(client.answer().status == 204);
  }
  int accepted = 0;
  Answer answer;
  while ((answer = post({{"Origin", "https://a"}})).status == 200) REQUIRE(++accepted < 20);
  CHECK(accepted >= 3);
  CHECK(answer.status == 429);
  CHECK(answer.body == "{\"message\":\"rate limit exceeded\"}\n");
  CHECK(answer.field("Retry-After") == "1");
  CHECK(answer.field("Access-Control-Allow-Origin") == "*");
  for (int i = 0; i < 5; ++i) CHECK(post({{"Authorization", "secret"}}).status == 200);
  // The trusted proxy's own entry is the last one: it tells clients apart, what they claim does not.
  CHECK(post({{"X-Forwarded-For", "198.51.100.1"}}).status == 200);
  int claimed = 0;
  while (post({{"X-Forwarded-For", "10.9.8." + std::to_string(claimed) + ", 198.51.100.2"}}).status == 200) {
    REQUIRE(++claimed < 20);
  }
}

TEST_CASE("router answers: 404, 405 with Allow, HEAD refused, OPTIONS without a body") {
  BridgeServer server;
  const Answer unknown = server.ask("GET", "/bridge/nothing");
  CHECK(unknown.status == 404);
  CHECK(unknown.body == "{\"message\":\"Not Found\"}\n");
  const Answer get = server.ask("GET", "/bridge/message");
  CHECK(get.status == 405);
  CHECK(get.body == "{\"message\":\"Method Not Allowed\"}\n");
  CHECK(get.field("Allow") == "OPTIONS, POST");
  CHECK(server.ask("GET", "/bridge/verify").status == 405);
  CHECK(server.ask("POST", "/bridge/events").field("Allow") == "OPTIONS, GET");
  Client head = server.connect();
  head.request("HEAD", "/bridge/events?client_id=" + kDapp);
  CHECK(head.read_some().starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
  const Answer preflight = server.ask("OPTIONS", "/bridge/events", {{"Origin", "https://a"}});
  CHECK(preflight.status == 204);
  CHECK(preflight.body.empty());
  CHECK(preflight.field("Allow") == "OPTIONS, GET");
  CHECK(preflight.field("Access-Control-Allow-Origin") == "*");
  CHECK(preflight.field("Access-Control-Allow-Headers").find("Last-Event-ID") != std::string::npos);
  CHECK(server.ask("OPTIONS", "/bridge/message").status == 204);
}

TEST_CASE("verify judges by where streams of the client id came from") {
  BridgeServer server({}, 2);
  const auto verify = [&](const std::string& id, const std::string& url,
                          const std::string& from = "198.51.100.1") {
    const Answer answer =
        server.ask("POST", "/bridge/verify?client_id=" + id + "&url=" + url, {{"X-Forwarded-For", from}});
    CHECK(answer.status == 200);
    return answer.body;
  };
  const auto open = [&](const Fields& fields) { return server.stream("client_id=" + kDapp, fields); };
  CHECK(verify(kDapp, "https://dapp.example/x") == "{\"status\":\"unknown\"}\n");
  CHECK(verify("anything", "https://dapp.example/x") == "{\"status\":\"unknown\"}\n");
  open({{"X-Forwarded-For", "198.51.100.1"}});
  CHECK(verify(kDapp, "https://dapp.example/x") == "{\"status\":\"unknown\"}\n");
  open({{"X-Forwarded-For", "198.51.100.1"}, {"Origin", "https://dapp.example"}});
  CHECK(verify(kDapp, "https://dapp.example/x") == "{\"status\":\"ok\"}\n");
  CHECK(verify(kDapp, "https://dapp.example/x", "2001:db8::7") == "{\"status\":\"warning\"}\n");
  CHECK(verify(kDapp, "https://evil.example/x") == "{\"status\":\"danger\"}\n");
  open({{"X-Forwarded-For", "2001:db8::7"}, {"Origin", "https://dapp.example"}});
  CHECK(verify(kDapp, "https://dapp.example", "2001:db8::7") == "{\"status\":\"ok\"}\n");
  if (!server.keeps_time()) return;
  server.pass(std::chrono::seconds(301));
  CHECK(verify(kDapp, "https://evil.example/x") == "{\"status\":\"unknown\"}\n");
}

TEST_CASE("verify takes JSON, and refuses in Go's words") {
  options::Options options;
  options.bridge.max_body_bytes = 1000;
  BridgeServer server(options);
  const Fields json{{"Content-Type", "application/json"}};
  CHECK(server.ask("POST", "/bridge/verify", json, "{\"client_id\":\"" + kDapp + "\",\"url\":\"https://a\"}")
            .body == "{\"status\":\"unknown\"}\n");
  CHECK(server.ask("POST", "/bridge/verify").body == error_body("param \\\"client_id\\\" not present"));
  CHECK(server.ask("POST", "/bridge/verify?client_id=a").body == error_body("param \\\"url\\\" not present"));
  CHECK(server.ask("POST", "/bridge/verify?client_id=a&url=b&type=sign").body ==
        error_body("param \\\"type\\\" must be: connect"));
  CHECK(server.ask("POST", "/bridge/verify", json, std::string(1001, ' ')).body ==
        error_body("request body too large"));
}

// Accepts one connection, reads a request and answers.
std::string take_post(boost::asio::ip::tcp::acceptor& acceptor, std::string_view answer) {
  auto socket = acceptor.accept();
  std::string text;
  const std::size_t head = boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n\r\n");
  const auto at = text.find("Content-Length: ");
  const std::size_t length = std::stoul(text.substr(at + 16));
  while (text.size() < head + length) {
    char more[4096];
    text.append(more, socket.read_some(boost::asio::buffer(more)));
  }
  boost::asio::write(socket, boost::asio::buffer(answer));
  return text;
}

TEST_CASE("a topic calls the webhook and every message is copied") {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor hook(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const std::string host = "127.0.0.1:" + std::to_string(hook.local_endpoint().port());
  options::Options options;
  options.bridge.webhook_urls = {"http://" + host + "/hook"};
  BridgeServer server(options);
  REQUIRE(server.post(kWallet, kDapp, "300", "no topic").status == 200);
  REQUIRE(server.post(kWallet, kDapp, "300", "a<b", {}, "&topic=t%22").status == 200);
  const std::string got = take_post(hook, "HTTP/1.1 500 Oh\r\n\r\n");
  CHECK(got.starts_with("POST /hook/" + kWallet + " HTTP/1.1\r\nHost: " + host + "\r\n"));
  CHECK(got.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(got.ends_with("\r\n\r\n{\"topic\":\"t\\\"\",\"hash\":\"a\\u003cb\"}"));
  server.await(Counter::kBridgeHooksFailed, 1);
}

TEST_CASE("a copy has the parameters, sorted, and the message as it came") {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor copy(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const std::string host = "127.0.0.1:" + std::to_string(copy.local_endpoint().port());
  options::Options options;
  options.bridge.copy_to_url = "http://" + host + "/copy?old=1";
  BridgeServer server(options);
  REQUIRE(server.post(kWallet, kDapp, "300", "body", {}, "&extra=a+b%2F").status == 200);
  const std::string got = take_post(copy, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(got.starts_with("POST /copy?client_id=" + kWallet + "&extra=a+b%2F&to=" + kDapp +
                        "&ttl=300 HTTP/1.1\r\n"));
  CHECK(got.find("Content-Type") == std::string::npos);
  CHECK(got.ends_with("\r\n\r\nbody"));
}

}  // namespace
}  // namespace relay::testing
