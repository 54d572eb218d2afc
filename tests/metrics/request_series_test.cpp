#include "metrics/request_series.hpp"

#include <prometheus/text_serializer.h>

#include "support/catch.hpp"

using namespace relay::metrics;

namespace {

std::string text_of(const RequestSeries& series) {
  return prometheus::TextSerializer().Serialize(series.collect());
}

bool has(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line) != std::string::npos;
}

std::size_t lines_of(const std::string& text, const std::string& start) {
  std::size_t count = 0;
  for (auto at = text.find('\n' + start); at != std::string::npos; at = text.find('\n' + start, at + 1))
    ++count;
  return count;
}

RequestOutcome get(std::string_view host) {
  return {200, "GET", host, "/bridge/events", 0.02, 100, 3000};
}

}  // namespace

TEST_CASE("a request is counted under code, method, host and url") {
  RequestSeries series;
  series.observe(get("Relay.Example"));
  series.observe(get("relay.example"));
  series.observe({400, "POST", "relay.example", "/bridge/message", 0.001, 10, 20});
  const std::string text = text_of(series);
  const std::string labels = R"({code="200",host="relay.example",method="GET",url="/bridge/events")";
  CHECK(has(text, "http_requests_total" + labels + "} 2\n"));
  CHECK(has(text,
            R"(http_requests_total{code="400",host="relay.example",method="POST",url="/bridge/message"} 1)"));
  CHECK(has(text, "http_request_duration_seconds_bucket" + labels + ",le=\"0.01\"} 0\n"));
  CHECK(has(text, "http_request_duration_seconds_bucket" + labels + ",le=\"0.025\"} 2\n"));
  CHECK(has(text, "http_request_size_bytes_sum" + labels + "} 200\n"));
  CHECK(has(text, "http_response_size_bytes_bucket" + labels + ",le=\"2048\"} 0\n"));
  CHECK(has(text, "http_response_size_bytes_count" + labels + "} 2\n"));
}

TEST_CASE("clients cannot grow the series without bound") {
  RequestSeries series;
  for (int i = 0; i < 5000; ++i) series.observe(get("host-" + std::to_string(i)));
  const std::string text = text_of(series);
  CHECK(lines_of(text, "http_requests_total{") == RequestSeries::kMaxCombinations + 1);
  CHECK(has(text, R"(http_requests_total{code="200",host="other",method="other",url="other"} 4800)"));

  series.observe(get("host-3"));  // known before: still counted by name
  CHECK(has(text_of(series),
            R"(http_requests_total{code="200",host="host-3",method="GET",url="/bridge/events"} 2)"));
}

TEST_CASE("what a client writes cannot forge a line") {
  RequestSeries series;
  series.observe({200, "BREW\n", "a\"} 1\nforged 1 \xff\\", "/bridge/events", 0, 0, 0});
  const std::string text = text_of(series);
  CHECK(has(
      text,
      "http_requests_total{code=\"200\",host=\"a\\\"} 1\\nforged 1 \xef\xbf\xbd\\\\\",method=\"other\","));
  CHECK_FALSE(has(text, "forged"));

  series.observe(get(std::string(256, 'x')));
  CHECK(has(text_of(series), R"(http_requests_total{code="200",host="other",method="GET")"));
}

TEST_CASE("a bypass token is named by its place") {
  RequestSeries series;
  series.token_used(0);
  series.token_used(2);
  series.token_used(2);
  CHECK(has(text_of(series), "bridge_token_usage{token=\"0\"} 1\n"));
  CHECK(has(text_of(series), "bridge_token_usage{token=\"2\"} 2\n"));
}
