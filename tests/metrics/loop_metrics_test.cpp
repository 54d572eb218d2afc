#include "metrics/loop_metrics.hpp"

#include <thread>

#include "metrics/exposition.hpp"
#include "support/catch.hpp"

using namespace relay::metrics;

namespace {

// The line of `text` that begins with `start`, or nothing.
std::string line_of(const std::string& text, const std::string& start) {
  const auto at = ('\n' + text).find('\n' + start);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

}  // namespace

TEST_CASE("counters and gauges begin at zero and keep what they are told") {
  LoopMetrics metrics;
  CHECK(metrics.get(Counter::kGaps) == 0);
  metrics.add(Counter::kGaps);
  metrics.add(Counter::kGaps, 4);
  CHECK(metrics.get(Counter::kGaps) == 5);
  CHECK(metrics.get(Counter::kResumes) == 0);

  metrics.add(Gauge::kConnections, 3);
  metrics.add(Gauge::kConnections, -1);
  CHECK(metrics.get(Gauge::kConnections) == 2);
  metrics.set(Gauge::kConnections, 9);
  CHECK(metrics.get(Gauge::kConnections) == 9);
}

TEST_CASE("an observation falls into the first bucket whose bound is not below it") {
  LoopMetrics metrics;
  for (const double value : {0.0, 0.0001, 0.00011, 10.0, 10.1})
    metrics.observe(Histogram::kDeliveryLatency, value);
  const std::string text = Exposition({&metrics}, {}, nullptr).render();
  const std::string name = "relayd_delivery_latency_seconds";
  CHECK(line_of(text, name + "_bucket{le=\"0.0001\"}") == name + "_bucket{le=\"0.0001\"} 2");
  CHECK(line_of(text, name + "_bucket{le=\"0.00025\"}") == name + "_bucket{le=\"0.00025\"} 3");
  CHECK(line_of(text, name + "_bucket{le=\"5\"}") == name + "_bucket{le=\"5\"} 3");
  CHECK(line_of(text, name + "_bucket{le=\"10\"}") == name + "_bucket{le=\"10\"} 4");
  CHECK(line_of(text, name + "_bucket{le=\"+Inf\"}") == name + "_bucket{le=\"+Inf\"} 5");
  CHECK(line_of(text, name + "_count") == name + "_count 5");
  CHECK(line_of(text, name + "_sum") == name + "_sum 20.10021");
}

TEST_CASE("a loop counts while another thread reads") {
  LoopMetrics metrics;
  const Exposition exposition({&metrics}, {}, nullptr);
  constexpr int kRounds = 20'000;
  std::thread loop([&] {
    for (int i = 0; i < kRounds; ++i) {
      metrics.add(Counter::kMessagesDelivered);
      metrics.observe(Histogram::kDeliveryLatency, 0.001);
    }
  });
  std::int64_t last = 0;
  while (last < kRounds) {
    const std::int64_t now = metrics.get(Counter::kMessagesDelivered);
    REQUIRE(now >= last);
    last = now;
    exposition.render();
  }
  loop.join();
  CHECK(line_of(exposition.render(), "relayd_delivery_latency_seconds_count") ==
        "relayd_delivery_latency_seconds_count " + std::to_string(kRounds));
}
