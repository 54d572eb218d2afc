#include "frontend/bridge_hooks.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "support/catch.hpp"

namespace relay::frontend {
namespace {

TEST_CASE("http(s) URLs are taken apart, others refused") {
  const auto url = HttpUrl::parse("https://Hook.example:8443/a/b?c=d#f");
  REQUIRE(url.has_value());
  CHECK(url->tls);
  CHECK(url->host == "Hook.example");
  CHECK(url->port == "8443");
  CHECK(url->target == "/a/b?c=d");
  CHECK(url->host_field() == "Hook.example:8443");
  CHECK(HttpUrl::parse("http://h")->target == "/");
  CHECK(HttpUrl::parse("http://h?x")->target == "/?x");
  CHECK(HttpUrl::parse("http://h")->host_field() == "h");
  CHECK(HttpUrl::parse("http://[::1]:80/")->host == "::1");
  CHECK(HttpUrl::parse("http://[::1]:81/")->host_field() == "[::1]:81");
  CHECK(HttpUrl::parse("https://h")->port == "443");
  for (const char* bad : {"", "h/x", "ftp://h", "http://", "http://h:x/", "http://h:123456/", "http://u@h/",
                          "http://h/a b", "http://h/\r\nX: y"}) {
    CHECK_FALSE(HttpUrl::parse(bad).has_value());
  }
}

TEST_CASE("a webhook gets topic and message") {
  const auto posts = webhook_posts({"http://a", "http://b/x"}, "id", "", "m\"");
  REQUIRE(posts.size() == 2);
  CHECK(posts[1].url == "http://b/x/id");
  CHECK(posts[1].content_type == "application/json");
  CHECK(posts[1].body == "{\"topic\":\"\",\"hash\":\"m\\\"\"}");
}

TEST_CASE("a copy's query is sorted by key and keeps repeated values in their order") {
  const HookPost post =
      copy_post("http://a/p?q#f", {{"to", "2"}, {"a", "x y"}, {"to", "1"}, {"b", "&="}}, "m");
  CHECK(post.url == "http://a/p?a=x+y&b=%26%3D&to=2&to=1");
  CHECK(post.body == "m");
  CHECK(post.content_type.empty());
}

TEST_CASE("what finds the queue full is dropped and counted") {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor silent(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const std::string url = "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  metrics::LoopMetrics metrics;
  auto poster = std::make_shared<BridgePoster>(context, metrics, make_hook_tls());
  for (std::size_t i = 0; i < BridgePoster::kMaxInFlight + BridgePoster::kMaxQueued; ++i)
    poster->post({url, "", "x"});
  CHECK(metrics.get(metrics::Counter::kBridgeHooksDropped) == 0);
  poster->post({url, "", "x"});
  CHECK(metrics.get(metrics::Counter::kBridgeHooksDropped) == 1);
  CHECK(metrics.get(metrics::Gauge::kBridgeHookQueue) == static_cast<std::int64_t>(BridgePoster::kMaxQueued));
}

TEST_CASE("a failed post makes room for the next one") {
  boost::asio::io_context context;
  metrics::LoopMetrics metrics;
  auto poster = std::make_shared<BridgePoster>(context, metrics, make_hook_tls());
  const std::size_t count = BridgePoster::kMaxInFlight * 2;
  for (std::size_t i = 0; i < count; ++i)
    poster->post({i % 2 == 0 ? "nonsense" : "http://127.0.0.1:1/", "", "x"});
  context.run();
  CHECK(metrics.get(metrics::Counter::kBridgeHooksFailed) == static_cast<std::int64_t>(count));
  CHECK(poster->queued() == 0);
}

}  // namespace
}  // namespace relay::frontend
