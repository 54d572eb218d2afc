// What a driver writes, read back by relayd's own parser, and what it makes of a server's bytes.
#pragma once

#include "support/catch.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/recorded.hpp"
#include "drivers/driver.hpp"
#include "wire/http1.hpp"
#include "wire/websocket.hpp"

namespace relay::bench::test {

using Calls = std::vector<std::string>;

inline TargetPlan target_at(const char* url, std::map<std::string, std::string> options = {}) {
  TargetPlan target;
  target.url = url;
  target.driver_options = std::move(options);
  return target;
}

struct Stream {
  std::vector<std::string> channels;
  Transport transport = Transport::kSse;
  std::string last_id = {};
  std::string token = {};
  StreamRequest request() const { return {0, transport, channels, token, last_id}; }
};

inline relay::wire::HttpRequest parsed(const std::string& bytes) {
  relay::wire::HttpRequestParser parser{relay::wire::HttpLimits{}};
  CHECK(parser.feed(bytes) == bytes.size());
  REQUIRE(parser.state() == relay::wire::HttpRequestParser::State::kDone);
  return parser.take_request();
}

inline relay::wire::HttpRequest opened(const Driver& driver, const Stream& stream) {
  std::string out;
  driver.open_stream(stream.request(), out);
  return parsed(out);
}

inline relay::wire::HttpRequest published(const Driver& driver, std::string_view channel,
                                          std::string_view payload, std::string_view token = {}) {
  std::string out;
  driver.publish({channel, payload, token, 1, false}, out);
  return parsed(out);
}

// Cut in every place.
inline void expect_calls(const Driver& driver, const Stream& stream, const std::string& bytes,
                         const Calls& expected) {
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    INFO("cut at " << cut);
    const auto make = [&] { return driver.stream_reader(stream.request()); };
    REQUIRE(said<RecordedStream>(make, bytes, cut) == expected);
  }
}

inline Calls answers(const Driver& driver, const std::string& bytes) {
  return said<RecordedAnswers>([&] { return driver.publish_reader(); }, bytes, bytes.size() / 2);
}

inline std::string text_frame(std::string_view text) {
  std::string out;
  relay::wire::append_frame(out, relay::wire::WsOpcode::kText, text);
  return out;
}

inline constexpr const char* kSwitching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

}  // namespace relay::bench::test
