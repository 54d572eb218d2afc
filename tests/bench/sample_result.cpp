#include "bench/sample_result.hpp"

#include <cmath>
#include <random>

namespace relay::bench {
namespace {

// Log-normal, as latencies are: `median_ms` in the middle.
void fill(Histogram& out, double median_ms, double spread, int count, std::mt19937_64& random) {
  std::normal_distribution<double> normal(0, spread);
  for (int i = 0; i < count; ++i)
    out.record(static_cast<std::int64_t>(median_ms * 1e6 * std::exp(normal(random))));
}

void fill(Figures& out, double shift, int seconds, std::mt19937_64& random) {
  out.duration_ns = seconds * 1'000'000'000LL;
  fill(out[Latency::kConnect], 0.55 * shift, 0.5, 1'000, random);
  fill(out[Latency::kPublish], 0.17 * shift, 0.5, 500 * seconds, random);
  fill(out[Latency::kEndToEnd], 0.44 * shift, 0.63, 5'000 * seconds, random);
  fill(out[Latency::kService], 0.42 * shift, 0.6, 5'000 * seconds, random);
  fill(out[Latency::kReplay], 2 * shift, 0.4, 200, random);
  out.published = 500U * static_cast<unsigned>(seconds);
  out.publish_errors = 2;
  out.connected = 1'000;
  out.connect_errors = 1;
  out.delivered = 50'000U * static_cast<unsigned>(seconds);
  out.bytes_in = out.delivered * 190;
  out.bytes_out = out.published * 300;
  out.target_publish_rate = 500;
  out.target_delivery_rate = 50'000;
}

SeriesPoint second(int at, double shift, std::mt19937_64& random) {
  std::normal_distribution<double> noise(1, 0.05);
  const auto ns = [&](double ms) {
    return static_cast<std::int64_t>(ms * 1e6 * shift * std::abs(noise(random)));
  };
  return {
      at * 1'000'000'000LL, 500 * noise(random), 50'000 * noise(random), 1'000, ns(0.44), ns(1.9), ns(0.03)};
}

}  // namespace

RunResult sample_result(double shift, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  RunResult out;
  out.tool_version = "0.1.0";
  out.tool_commit = "abc1234";
  out.run = {"5f0c1d2e", "fanout",   1'795'255'000'123,    30'000'000'000, 5'000'000'000,
             42,         "c0ffee00", {{"branch", "main"}}, false};
  out.host = {"6.1.0", "Some CPU @ 2.6 GHz", 2, 8'000'000'000, 20'000};
  out.target = {"http://127.0.0.1:8080", "relay", "sse", "relayd/0.1.0"};
  out.load = {
      1'000,
      10,
      16,
      500,
      true,
      "128 B",
      "ordered",
      {{"processes", std::int64_t{1}}, {"churn", 0.5}, {"hex_channels", false}, {"mode", std::string("x")}}};
  fill(out.total, shift, 30, random);
  for (const auto& [name, start] : {std::pair{"calm", 0}, {"storm", 15}}) {
    Stage stage{name, start * 1'000'000'000LL, (start + 15) * 1'000'000'000LL, {}};
    fill(stage.figures, shift, 15, random);
    out.stages.push_back(std::move(stage));
  }
  for (int at = 0; at < 30; ++at) out.series.push_back(second(at, at < 15 ? shift : shift * 1.3, random));
  out.delivery.expected = out.delivery.received = 1'500'000;
  out.errors = {{"publish_503", 2, "the store is full"}, {"connect_refused", 1, "connection refused"}};
  out.generator = {1, 30'000, 0.41, 0, true, {}};
  const auto cost = [&](double ns) { return static_cast<std::int64_t>(ns * shift); };
  out.server = {
      "pid 1234", 0.63, cost(8'300), cost(41'000), 60'817'408, 31'744, {{"relay_messages_total", 15'000}}};
  fill(out.total[Latency::kSilence], 80 * shift, 0.3, 1'000, random);
  out.floor = Floor{7'700, 300'000, 1'100'000};
  return out;
}

}  // namespace relay::bench
