// The bytes of bridge, nchan and plain (uWebSockets) were recorded from bridge v3, nginx 1.22.1 with
// nchan 1.3.6 and uWebSockets 20; those of Centrifugo and Mercure follow their documents.
#include "drivers/driver.hpp"

#include "support/catch.hpp"

#include "bench/driver_fixture.hpp"
#include "drivers/bridge.hpp"
#include "drivers/centrifugo.hpp"
#include "drivers/mercure.hpp"
#include "drivers/nchan.hpp"
#include "drivers/requests.hpp"

namespace {

using namespace relay::bench;
using namespace relay::bench::test;

const std::string kA(64, 'a');
const std::string kC(64, 'c');

}  // namespace

TEST_CASE("bridge: mailboxes and messages inside JSON") {
  const auto driver = std::move(make_bridge(target_at("http://127.0.0.1:8081/"))).value();
  CHECK(driver->traits().hex_channels);
  const Stream stream{{kA, kC}, Transport::kSse, "3676687041996364"};
  const auto request = opened(*driver, stream);
  CHECK(request.target == "/bridge/events?client_id=" + kA + "," + kC);
  CHECK(request.header("Host") == "127.0.0.1:8081");
  CHECK(request.header("Last-Event-ID") == "3676687041996364");

  expect_calls(
      *driver, stream,
      "HTTP/1.1 200 OK\r\nCache-Control: private, no-cache, no-transform\r\nConnection: keep-alive\r\n"
      "Content-Type: text/event-stream\r\nVary: Origin\r\nX-Accel-Buffering: no\r\n"
      "Date: Sat, 21 Nov 2026 10:35:44 GMT\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n"
      "e0\r\nevent: message\nid: 3676687041996364\ndata: "
      "{\"from\":\"0000000000000000000000000000000000000000000000000000000000000002\",\"message\":"
      "\"hello0123456789\",\"trace_id\":\"01a1fdad-22d3-7d53-84d9-454c82173cf9\",\"connect_source\":"
      "{\"ip\":\"\"}}\n\n\r\n12\r\nevent: heartbeat\n\n\r\n",
      {"live", "message 3676687041996364 hello0123456789"});

  const auto post = published(*driver, kA, "hello");
  CHECK(post.method == "POST");
  CHECK(post.target == "/bridge/message?client_id=" + std::string(64, 'b') + "&to=" + kA + "&ttl=300");
  CHECK(post.body == "hello");
  CHECK(answers(
            *driver,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nVary: Origin\r\nContent-Length: 34\r\n\r\n"
            "{\"message\":\"OK\",\"statusCode\":200}\n") == Calls{"stored 200"});
}

TEST_CASE("bridge: the path of the URL and the lifetime are the user's") {
  TargetPlan target = target_at("https://bridge.example/one/", {{"ttl", "60"}});
  target.publish_url = "https://bridge.example/two";
  const auto driver = std::move(make_bridge(target)).value();
  CHECK(opened(*driver, {{kA}}).target == "/one/events?client_id=" + kA);
  CHECK(published(*driver, kA, "x").target ==
        "/two/message?client_id=" + std::string(64, 'b') + "&to=" + kA + "&ttl=60");
  CHECK(make_bridge(target_at("http://x", {{"tll", "1"}})).error().code == "bad_driver_option");
  CHECK(make_bridge(target_at("bridge.example")).error().code == "bad_url");
}

TEST_CASE("values are encoded but for unreserved letters") {
  CHECK(percent_encoded("").empty());
  CHECK(percent_encoded("azAZ09-._~") == "azAZ09-._~");
  CHECK(percent_encoded("/") == "%2F");
  CHECK(percent_encoded("a b&c") == "a%20b%26c");
  CHECK(percent_encoded("%%x%") == "%25%25x%25");
  CHECK(percent_encoded("@[`{") == "%40%5B%60%7B");  // beside the letters
  CHECK(percent_encoded(std::string_view("\0\xC3\xA9", 3)) == "%00%C3%A9");
}

TEST_CASE("nchan: EventSource with ids") {
  const auto driver = std::move(make_nchan(target_at("http://127.0.0.1:80"))).value();
  const Stream stream{{"abd"}, Transport::kSse, "1795257566:0"};
  const auto request = opened(*driver, stream);
  CHECK(request.target == "/sse/abd");
  CHECK(request.header("Accept") == "text/event-stream");
  CHECK(request.header("Last-Event-ID") == "1795257566:0");
  CHECK(opened(*driver, {{"a", "b"}}).target == "/multi/a,b");
  expect_calls(
      *driver, stream,
      "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 10:39:25 GMT\r\n"
      "Content-Type: text/event-stream; charset=utf-8\r\nConnection: keep-alive\r\n\r\n: hi\n\n"
      "id: 1795257566:0\ndata: hello0123456789\n\nid: 1795257566:1\ndata: hello\n\n:410: 410 Gone\n\n",
      {"live", "message 1795257566:0 hello0123456789", "message 1795257566:1 hello", "end"});
}

TEST_CASE("nchan: WebSockets with and without ids") {
  const auto driver = std::move(make_nchan(target_at("http://127.0.0.1:80"))).value();
  const Stream with{{"t3"}, Transport::kWs};
  CHECK(opened(*driver, with).header("Sec-WebSocket-Protocol") == "ws+meta.nchan");
  expect_calls(*driver, with,
               "HTTP/1.1 101 Switching Protocols\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\nConnection: "
               "upgrade\r\nSec-WebSocket-Protocol: ws+meta.nchan\r\nUpgrade: websocket\r\n\r\n"
               "\x81\x17id: 1795257347:0\n\nhello\x81\x17id: 1795257347:1\n\nhello",
               {"live", "message 1795257347:0 hello", "message 1795257347:1 hello"});
  const Stream without{{"t2"}, Transport::kWsRaw};
  CHECK(!opened(*driver, without).header("Sec-WebSocket-Protocol"));
  expect_calls(*driver, without, kSwitching + std::string("\x81\x05hello\x81\x05hello"),
               {"live", "message  hello", "message  hello"});
}

TEST_CASE("nchan: publishing, at paths of one's own") {
  const auto driver =
      std::move(make_nchan(target_at("http://127.0.0.1:80/push", {{"publish", "/p?id={channel}"}}))).value();
  CHECK(published(*driver, "abc", "hello").target == "/push/p?id=abc");
  const std::string body =
      "queued messages: 1\r\nlast requested: -1 sec. ago\r\nactive subscribers: 0\r\n"
      "last message id: 1795257345:0";
  CHECK(answers(*driver,
                "HTTP/1.1 202 Accepted\r\nServer: nginx/1.22.1\r\nContent-Length: 101\r\n"
                "Connection: keep-alive\r\n\r\n" +
                    body) == Calls{"stored 202"});
}

TEST_CASE("centrifugo: live with the connect push, positions are ids") {
  const auto driver =
      std::move(make_centrifugo(target_at("http://127.0.0.1:8000", {{"namespace", "bench"}}))).value();
  const Stream fresh{{"1"}};
  CHECK(opened(*driver, fresh).target ==
        "/connection/uni_sse?cf_connect=%7B%22subs%22%3A%7B%22bench%3A1%22%3A%7B%7D%7D%7D");
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto chunk = [](const std::string& data) {
    const std::string event = "data: " + data + "\n\n";
    constexpr std::string_view kDigits = "0123456789abcdef";
    return std::string{kDigits[event.size() / 16], kDigits[event.size() % 16]} + "\r\n" + event + "\r\n";
  };
  expect_calls(
      *driver, fresh,
      head +
          chunk("{\"connect\":{\"client\":\"bb\",\"subs\":{\"bench:1\":{\"epoch\":\"xyz\",\"offset\":41}},"
                "\"ping\":25}}") +
          chunk("{\"channel\":\"bench:1\",\"pub\":{\"data\":\"hello\",\"offset\":42}}") + chunk("{}"),
      {"live", "message 42/xyz hello"});

  const Stream back{{"1"}, Transport::kSse, "41/xyz"};
  const std::string target = opened(*driver, back).target;
  CHECK(target ==
        "/connection/uni_sse?cf_connect=" +
            percent_encoded("{\"subs\":{\"bench:1\":{\"recover\":true,\"offset\":41,\"epoch\":\"xyz\"}}}"));
  expect_calls(
      *driver, back,
      head +
          chunk("{\"connect\":{\"subs\":{\"bench:1\":{\"epoch\":\"xyz\",\"offset\":43,\"recovered\":true,"
                "\"publications\":[{\"data\":\"one\",\"offset\":42},{\"data\":\"two\",\"offset\":43}]}}}}"),
      {"live", "message 42/xyz one", "message 43/xyz two"});
  expect_calls(*driver, back,
               head + chunk("{\"connect\":{\"subs\":{\"bench:1\":{\"epoch\":\"new\",\"offset\":1}}}}"),
               {"live", "gap not recovered"});
}

TEST_CASE("centrifugo: WebSocket pushes in one frame, publishing with a key") {
  const auto driver =
      std::move(make_centrifugo(target_at("http://127.0.0.1:8000", {{"api_key", "k"}}))).value();
  const Stream stream{{"a", "b"}, Transport::kWs};
  expect_calls(
      *driver, stream,
      kSwitching + text_frame("{\"connect\":{\"client\":\"bb\"}}") +
          text_frame("{\"channel\":\"a\",\"pub\":{\"data\":\"one\"}}\n{\"channel\":\"b\",\"pub\":{\"data\":"
                     "\"two\"}}\n{}"),
      {"live", "message  one", "message  two"});
  const auto post = published(*driver, "a", "hello");
  CHECK(post.target == "/api/publish");
  CHECK(post.header("X-API-Key") == "k");
  CHECK(post.body == "{\"channel\":\"a\",\"data\":\"hello\"}");
  CHECK(answers(*driver,
                "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"result\":{}}"
                "HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"error\":{\"code\":102}}\n") ==
        Calls{"stored 200", "refused 200 {\"error\":{\"code\":102}}\n"});
}

TEST_CASE("mercure: topics, forms and tokens") {
  const auto driver = std::move(make_mercure(target_at("http://127.0.0.1:3000"))).value();
  const Stream stream{{"bench/1", "bench/2"}, Transport::kSse, "urn:uuid:1", "t"};
  const auto request = opened(*driver, stream);
  CHECK(request.target == "/.well-known/mercure?topic=bench%2F1&topic=bench%2F2");
  CHECK(request.header("Authorization") == "Bearer t");
  CHECK(request.header("Last-Event-ID") == "urn:uuid:1");
  expect_calls(*driver, stream,
               "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\n:\n\n\r\n1d\r\nid: urn:uuid:2\ndata: hello!\n\n\r\n",
               {"live", "message urn:uuid:2 hello!"});
  const auto post = published(*driver, "bench/1", "hello", "t");
  CHECK(post.body == "topic=bench%2F1&data=hello");
  CHECK(post.header("Authorization") == "Bearer t");
  CHECK(post.header("Content-Type") == "application/x-www-form-urlencoded");
}
