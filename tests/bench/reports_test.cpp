#include "report/text.hpp"

#include <algorithm>

#include "bench/sample_result.hpp"
#include "report/csv.hpp"
#include "report/junit.hpp"
#include "report/markdown.hpp"
#include "report/verdict.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;

// A result whose every number is known.
RunResult plain_result() {
  RunResult out = sample_result();
  for (Histogram& histogram : out.total.latency) histogram = Histogram{};
  out.total[Latency::kConnect].record(550'000, 1'000);
  out.total[Latency::kEndToEnd].record(440'000, 1'485'000);
  out.total[Latency::kEndToEnd].record(9'200'000, 15'000);
  out.total.publish_errors = out.total.connect_errors = 0;
  out.stages.resize(1);
  out.errors.clear();
  judge(out, std::vector{parse_threshold("e2e.p99<20ms").value(), parse_threshold("lost==0").value()}, {});
  return out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

TEST_CASE("the terminal shows load, latencies, delivery, generator, server, thresholds and verdict") {
  CHECK(
      to_text(plain_result(), false) ==
      "fanout  relay sse  http://127.0.0.1:8080  relayd/0.1.0   seed 42\n"
      "1,000 subscribers x 10 channels, 16 publishers, open 500/s, 128 B, 30s after 5.0s warm-up\n"
      "               count      min      p50      p90      p99    p99.9      max\n"
      "connect        1,000   0.55ms   0.55ms   0.55ms   0.55ms   0.55ms   0.55ms\n"
      "end to end     1.50M   0.44ms   0.44ms   0.44ms   0.44ms   9.20ms   9.20ms   from intended send time\n"
      "rates      in 500/s   out 50.0k/s   read 9.1 MiB/s\n"
      "delivery   expected 1,500,000   received 1,500,000   lost 0   duplicate 0   out of order 0   corrupt "
      "0\n"
      "generator  lag p99 30.0us   cpu 41 %   dropped slots 0   -> valid\n"
      "server     cpu 63 %   cpu per delivery 8.30us   cpu per publish 41.0us   rss 58.0 MiB   memory per "
      "client "
      "31.0 KiB   (pid 1234)\n"
      "floor      cpu per delivery 7.70us   p50 0.30ms   p99 1.10ms   -> server 1.08 x floor\n"
      "threshold  pass  e2e.p99<20ms (0.44ms)\n"
      "threshold  pass  lost==0 (0)\n"
      "verdict    PASS (exit 0)\n");
}

TEST_CASE("the terminal shows what went wrong") {
  RunResult result = plain_result();
  result.delivery.lost = 2;
  result.delivery.samples.push_back({"lost", "c3", "777", 17, 2, 481});
  result.errors = {{"publish_503", 12'000, "try\x1b[31m later"}};
  judge(result, std::vector{parse_threshold("lost==0").value()}, {});
  const std::string text = to_text(result, true);
  CHECK(has(text, "offender   lost   channel c3   subscriber 17   publisher 2   sequence 481   id 777\n"));
  CHECK(has(text, "error      publish_503   12,000 times   first: try\\x1b[31m later\n"));
  CHECK(has(text, "threshold  \x1b[31mMISS\x1b[0m  lost==0 (2)\n"));
  CHECK(has(text, "verdict    \x1b[31mBROKEN: lost 2 (exit 98)\x1b[0m\n"));
  result.generator.valid = false;
  result.generator.reasons = {"lag p99 of 3.00ms", "2 slots dropped"};
  judge(result, {}, {});
  CHECK(has(to_text(result, false), "-> INVALID: lag p99 of 3.00ms; 2 slots dropped\n"));
  CHECK(has(to_text(result, false), "verdict    INVALID (exit 97)\n"));
}

TEST_CASE("stages have a table when there are several") {
  const std::string text = to_text(sample_result(), false);
  CHECK(has(text, "stage      when                      in       out       p50       p99\n"));
  CHECK(has(text, "\nstorm      15s to 30s             500/s   50.0k/s"));
  CHECK_FALSE(has(to_text(plain_result(), false), "stage  "));
}

TEST_CASE("csv has a line for each value that was measured") {
  RunResult result = plain_result();
  result.run.name = "a, \"b\"";
  const std::string csv = to_csv(result);
  CHECK(csv.starts_with("run,name,stage,at_s,measure,value,unit\r\n"));
  CHECK(has(csv, "5f0c1d2e,\"a, \"\"b\"\"\",,,lost,0,count\r\n"));
  CHECK(has(csv, ",,,connect.max,550000,ns\r\n"));
  CHECK(has(csv, ",calm,,delivered.rate,50000,per_s\r\n"));
  CHECK(has(csv, ",,29,delivered.rate,"));
  CHECK_FALSE(has(csv, ",,,replay.p99"));
  CHECK_FALSE(has(csv, ",calm,,lost"));
  const auto commas = [](std::string_view line) { return std::count(line.begin(), line.end(), ','); };
  result.run.name = "plain";
  const std::string again = to_csv(result);
  for (std::size_t at = 0; at < again.size();) {
    const auto end = again.find("\r\n", at);
    if (commas(std::string_view(again).substr(at, end - at)) != 6) FAIL(again.substr(at, end - at));
    at = end + 2;
  }
}

TEST_CASE("junit has a case for the generator, the delivery and each threshold") {
  RunResult result = plain_result();
  const std::string good = to_junit(result);
  CHECK(has(good, "<testsuites tests=\"4\" failures=\"0\" errors=\"0\" time=\"30.000\">"));
  CHECK(has(good, "<testcase classname=\"relaybench.fanout\" name=\"e2e.p99&lt;20ms\" time=\"30.000\"/>"));
  CHECK(count(good, "<testcase") == 4);
  result.delivery.lost = 2;
  result.run.aborted = true;
  judge(result, std::vector{parse_threshold("lost==0").value()}, {});
  const std::string bad = to_junit(result);
  CHECK(has(bad, "tests=\"4\" failures=\"3\""));
  CHECK(has(bad, "name=\"delivery ordered\" time=\"30.000\">\n      <failure message=\"lost 2\"/>"));
  CHECK(has(bad, "<failure message=\"found 2\"/>"));
  CHECK(has(bad, "<failure message=\"ended early\"/>"));
}

TEST_CASE("markdown has tables, and data cannot break them") {
  RunResult result = sample_result();
  result.stages[0].name = "calm | <b>";
  judge(result, std::vector{parse_threshold("e2e.p99<1us").value()}, {});
  const std::string text = to_markdown(result);
  CHECK(text.starts_with("## relaybench fanout: MISSED (exit 99)\n\n"));
  CHECK(has(text,
            "| latency | count | min | p50 | p90 | p99 | p99.9 | max "
            "|\n|---|---:|---:|---:|---:|---:|---:|---:|\n"));
  CHECK(has(text, "| calm \\| \\<b\\> | 0ms to 15s |"));
  CHECK(has(text, "- **MISS**: e2e.p99\\<1us ("));
}

}  // namespace
