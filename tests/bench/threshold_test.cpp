#include "report/threshold.hpp"

#include "bench/near.hpp"
#include "bench/sample_result.hpp"
#include "report/units.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;

std::string error_of(std::string_view text, std::string_view stage = {}) {
  const auto threshold = parse_threshold(text, stage);
  return threshold.has_error() ? threshold.error().message : "no error";
}

ThresholdOutcome judge(std::string_view text, const RunResult& result, std::string_view stage = {}) {
  return judge_threshold(parse_threshold(text, stage).value(), result);
}

TEST_CASE("the thresholds of the manual are read") {
  const auto e2e = parse_threshold("e2e.p99<20ms").value();
  CHECK(e2e.comparison == Comparison::kLess);
  CHECK(e2e.value == 20e6);
  CHECK(e2e.measure.name() == "e2e.p99");
  CHECK(parse_threshold(" connect.p99 <= 1s ").value().value == 1e9);
  CHECK(parse_threshold("lost==0").value().comparison == Comparison::kEqual);
  CHECK(parse_threshold("dup<=0").value().value == 0);
  CHECK(is_near(parse_threshold("publish.error_rate<0.1%").value().value, 0.001, 1e-9));
  CHECK(parse_threshold("server.bytes_per_client<1KiB").value().value == 1024);
  CHECK(parse_threshold("delivered.rate>50k/s").value().value == 50'000);
  CHECK(parse_threshold("e2e.count!=0").value().comparison == Comparison::kNotEqual);
  const auto rate = parse_threshold("delivered.rate>=0.99*target").value();
  CHECK(rate.of_target);
  CHECK(rate.value == 0.99);
  CHECK(parse_threshold("published.rate>=target").value().value == 1);
  CHECK(parse_threshold("published.rate >= 99% * target").value().value == 0.99);
}

TEST_CASE("a threshold that makes no sense says which part and what was expected") {
  CHECK(error_of("e2e.p99") == "threshold \"e2e.p99\": expected MEASURE OP VALUE, like e2e.p99<20ms");
  CHECK(error_of("e2e.p99<20") ==
        "threshold \"e2e.p99<20\": expected a time like 20ms (ns, us, ms, s, m) after <");
  CHECK(error_of("e2e.p99=20ms") == "threshold \"e2e.p99=20ms\": expected one of < <= > >= == !=");
  CHECK(error_of("losst==0") == "threshold \"losst==0\": unknown measure \"losst\"; did you mean \"lost\"?");
  CHECK(error_of("deliverd.rate>1") ==
        "threshold \"deliverd.rate>1\": unknown measure \"deliverd.rate\"; did you mean \"delivered.rate\"?");
  CHECK(error_of("e2e.q99<1s").find("unknown measure") != std::string::npos);
  CHECK(error_of("e2e.p101<1s").find("unknown measure") != std::string::npos);
  CHECK(error_of("lost>=target") == "threshold \"lost>=target\": lost has no target");
  CHECK(error_of("delivered.rate>=x*target").find("a factor before target") != std::string::npos);
  CHECK(error_of("lost==nan").find("expected a number") != std::string::npos);
  CHECK(error_of("lost==0 and more").find("expected a number") != std::string::npos);
  CHECK(error_of("lost==0", "storm") ==
        "threshold \"lost==0\": lost is known for the whole run only, not for a stage");
  CHECK(parse_threshold("silence.max<1s", "rush").error().message ==
        "threshold \"silence.max<1s\": silence.max is known for the whole run only, not for a stage");
}

TEST_CASE("thresholds hold or not, and say what was found") {
  RunResult result = sample_result();
  CHECK(judge("lost==0", result).ok);
  CHECK(judge("lost==0", result).value == "0");
  CHECK(judge("e2e.p99<20ms", result).ok);
  CHECK_FALSE(judge("e2e.p99<1ms", result).ok);
  CHECK(judge("publish.error_rate<0.1%", result).ok);
  CHECK(judge("publish.errors==2", result).ok);
  CHECK_FALSE(judge("publish.errors!=2", result).ok);
  CHECK(judge("delivered.rate>=0.99*target", result).ok);
  CHECK(judge("delivered.rate>=0.99*target", result).value == "50.0k/s of 49.5k/s");
  result.total.delivered = 1'000'000;
  CHECK_FALSE(judge("delivered.rate>=0.99*target", result).ok);
  CHECK(judge("errors==3", result).ok);
  CHECK(judge("server.cpu_per_delivery<=8.3us", result).ok);
}

TEST_CASE("what was not measured holds no threshold") {
  RunResult result = sample_result();
  result.server.cpu.reset();
  result.total[Latency::kReplay].clear();
  result.total.target_delivery_rate = 0;
  CHECK_FALSE(judge("server.cpu<100%", result).ok);
  CHECK(judge("server.cpu<100%", result).value == "not measured");
  CHECK_FALSE(judge("replay.p99<1m", result).ok);
  CHECK(judge("delivered.rate>=target", result).value == "50.0k/s, no target");
  CHECK_FALSE(judge("delivered.rate>=target", result).ok);
  CHECK(holds_so_far(parse_threshold("replay.p99<1m").value(), result, result.total));
  CHECK_FALSE(holds_so_far(parse_threshold("e2e.p99<1ms").value(), result, result.total));
}

TEST_CASE("a stage has its own figures") {
  RunResult result = sample_result();
  result.stages[1].figures[Latency::kEndToEnd].record(5'000'000'000, 10'000);
  CHECK(judge("e2e.p99<20ms", result, "calm").ok);
  CHECK_FALSE(judge("e2e.p99<20ms", result, "storm").ok);
  CHECK(judge("e2e.p99<20ms", result, "none").value == "no such stage");
}

TEST_CASE("every measure is found under its name, and percentiles in every spelling") {
  const RunResult result = sample_result();
  for (const std::string& name : measure_names()) {
    const auto measure = find_measure(name);
    REQUIRE(measure.has_value());
    CHECK(measure->name() == name);
    CHECK(measure->of(result).has_value());
  }
  const auto value = [&](std::string_view name) { return find_measure(name).value().of(result).value(); };
  CHECK(value("e2e.p999") == value("e2e.p99.9"));
  CHECK(value("e2e.p9999") == value("e2e.p99.99"));
  CHECK(value("e2e.p100") == value("e2e.max"));
  CHECK(value("e2e.p99.9") > value("e2e.p99"));
}

TEST_CASE("units are read and written") {
  CHECK(human_ns(210'000) == "0.21ms");
  CHECK(human_ns(1'930'000) == "1.93ms");
  CHECK(human_ns(19'300'000) == "19.3ms");
  CHECK(human_ns(193'000'000) == "193ms");
  CHECK(human_ns(7'700) == "7.70us");
  CHECK(human_ns(99'990) == "100us");
  CHECK(human_ns(2e9) == "2.00s");
  CHECK(human_ns(12) == "12ns");
  CHECK(human_count(15'000) == "15,000");
  CHECK(human_count(1'500'000) == "1.50M");
  CHECK(human_per_second(500) == "500/s");
  CHECK(human_per_second(50'000) == "50.0k/s");
  CHECK(human_per_second(0.25) == "0.25/s");
  CHECK(human_share(0.41) == "41 %");
  CHECK(human_share(0.0005) == "0.05 %");
  CHECK(human_share(0.03) == "3 %");
  CHECK(parse_number(Unit::kTime, "1.5ms").value == 1.5e6);
  CHECK(parse_number(Unit::kTime, "0").value == 0);
  CHECK_FALSE(parse_number(Unit::kTime, "5").value);
  CHECK_FALSE(parse_number(Unit::kRate, "5ms").value);
  CHECK(parse_number(Unit::kBytes, "64 MiB").value == 64 * 1048576.0);
}

}  // namespace
