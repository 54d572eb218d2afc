#include "drivers/plain.hpp"

#include "support/catch.hpp"

#include "bench/driver_fixture.hpp"
#include "load/payload.hpp"

namespace {

using namespace relay::bench;
using namespace relay::bench::test;

std::string payload_of(std::uint32_t sequence) {
  std::string out;
  append_payload(out, {1, 2, 3, sequence, 4, 5}, "");
  return out;
}

}  // namespace

TEST_CASE("plain: payloads are found inside whatever comes") {
  const auto driver =
      std::move(make_plain(target_at("http://127.0.0.1:9001",
                                     {{"publish", "/pub/{channel}"},
                                      {"body", "{\"to\":\"{channel}\",\"text\":\"{payload}\"}"},
                                      {"type", "application/json"}})))
          .value();
  const std::string one = payload_of(1);
  const std::string two = payload_of(2);
  expect_calls(*driver, {{"t"}},
               "HTTP/1.1 200 OK\r\n\r\ndata: {\"text\":\"" + one + "\"}\nid: 7\n\ndata: nothing\n\n",
               {"live", "message 7 " + one});
  expect_calls(*driver, {{"t"}, Transport::kWs},
               kSwitching + text_frame(one) + text_frame("[\"" + two + "\"]"),
               {"live", "message  " + one, "message  " + two});
  const auto post = published(*driver, "t", "hello");
  CHECK(post.target == "/pub/t");
  CHECK(post.body == "{\"to\":\"t\",\"text\":\"hello\"}");
  CHECK(post.header("Content-Type") == "application/json");
  CHECK(answers(*driver, "HTTP/1.1 200 OK\r\nuWebSockets: 20\r\nContent-Length: 2\r\n\r\nok") ==
        Calls{"stored 200"});
}

TEST_CASE("plain: a WebSocket that has to ask first") {
  const auto driver = std::move(make_plain(target_at("http://127.0.0.1:9001",
                                                     {{"hello", "sub {channel}"}, {"live", "subscribed"}})))
                          .value();
  std::string hello;
  relay::wire::append_frame(hello, relay::wire::WsOpcode::kText, "sub t", 0);
  expect_calls(*driver, {{"t"}, Transport::kWs}, kSwitching + text_frame("hi") + text_frame("subscribed t"),
               {"reply " + hello, "live"});
}
