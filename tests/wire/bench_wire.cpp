// Prints nanoseconds per operation of the codecs on inputs of the sizes that relayd sees.
#include <chrono>
#include <cstdio>
#include <string>

#include "wire/http1.hpp"
#include "wire/http_response.hpp"
#include "wire/sse.hpp"
#include "wire/websocket.hpp"

namespace {

using relay::wire::HttpRequestParser;

constexpr auto kRunTime = std::chrono::milliseconds(300);
constexpr std::size_t kBatch = 1000;
volatile std::size_t kept_result;  // keeps the compiler from leaving the work out

template <class Work>
void measure(const char* name, Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  std::size_t count = 0;
  std::chrono::nanoseconds spent{};
  while (spent < kRunTime) {
    for (std::size_t i = 0; i < kBatch; ++i) kept_result = work();
    count += kBatch;
    spent = std::chrono::steady_clock::now() - start;
  }
  std::printf("%-28s %8.0f ns\n", name, static_cast<double>(spent.count()) / static_cast<double>(count));
}

}  // namespace

int main() {
  HttpRequestParser parser(relay::wire::HttpLimits{});
  const std::string small =
      "GET /v1/events?channel=a HTTP/1.1\r\nHost: localhost:8081\r\nAccept: */*\r\n\r\n";
  const std::string publish =
      "POST /v1/channels/prices%3Abtc/messages HTTP/1.1\r\nHost: relay.example:8081\r\nUser-Agent: "
      "bench/1\r\n"
      "Accept: */*\r\nContent-Type: application/json\r\nIdempotency-Key: 0f1e2d3c4b5a69788796a5b4c3d2e1f0\r\n"
      "Content-Length: 16\r\n\r\n{\"price\": 42.00}";
  measure("http1 small GET", [&] { return parser.feed(small) + parser.take_request().target.size(); });
  measure("http1 publish POST", [&] { return parser.feed(publish) + parser.take_request().body.size(); });

  const std::string payload(200, 'x');
  std::string out;
  measure("response, small JSON", [&] {
    out.clear();
    relay::wire::append_response(out, {201, "application/json", "{\"id\":1}", {}}, true, false, 1);
    return out.size();
  });
  measure("sse event, 200 bytes", [&] {
    out.clear();
    relay::wire::append_sse_event(out, "message", "4503599627370496", payload);
    return out.size();
  });
  relay::wire::SseParser events;
  const std::string event = out;
  measure("sse parse, 200 bytes", [&] {
    std::size_t size = 0;
    events.feed(event, [&](const relay::wire::SseEvent& parsed) { size += parsed.data.size(); });
    return size;
  });
  measure("websocket frame, 200 bytes", [&] {
    out.clear();
    relay::wire::append_frame(out, relay::wire::WsOpcode::kText, payload);
    return out.size();
  });
  std::string masked;
  relay::wire::append_frame(masked, relay::wire::WsOpcode::kText, payload, 0x12345678);
  relay::wire::WsParser frames(relay::wire::WsParser::Role::kServer, 1 << 20);
  measure("websocket parse, 200 bytes", [&] {
    std::string_view in = masked;
    return frames.next(in).payload.size();
  });
  return 0;
}
