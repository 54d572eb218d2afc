#include "report/verdict.hpp"

#include "bench/sample_result.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;

int code_of(RunResult result, const Terms& terms = {}, std::string_view threshold = "lost==0") {
  judge(result, std::vector{parse_threshold(threshold).value()}, terms);
  return result.exit_code;
}

TEST_CASE("a whole, valid run within its thresholds passes") {
  RunResult result = sample_result();
  judge(result, std::vector{parse_threshold("lost==0").value()}, {});
  CHECK(result.exit_code == 0);
  REQUIRE(result.thresholds.size() == 1);
  CHECK(result.thresholds[0].ok);
  CHECK(verdict_word(0) == "PASS");
}

TEST_CASE("a saturated generator comes before a broken promise, that before a missed threshold") {
  RunResult result = sample_result();
  CHECK(code_of(result, {}, "e2e.p99<1us") == kExitMissed);
  result.delivery.lost = 3;
  CHECK(code_of(result, {}, "e2e.p99<1us") == kExitBroken);
  result.generator.valid = false;
  CHECK(code_of(result, {}, "e2e.p99<1us") == kExitSaturated);
  CHECK(code_of(result, {.allow_saturated = true}) == kExitBroken);
}

TEST_CASE("each promise is broken by its own counts") {
  const auto broken = [](std::uint64_t Delivery::* count, DeliveryMode mode) {
    Delivery delivery;
    delivery.*count = 1;
    return !broken_promise(delivery, mode).empty();
  };
  using enum DeliveryMode;
  CHECK_FALSE(broken(&Delivery::lost, kAtMostOnce));
  CHECK(broken(&Delivery::lost, kAtLeastOnce));
  CHECK(broken(&Delivery::duplicate, kAtMostOnce));
  CHECK_FALSE(broken(&Delivery::duplicate, kAtLeastOnce));
  CHECK(broken(&Delivery::duplicate, kExactlyOnce));
  CHECK_FALSE(broken(&Delivery::reordered, kExactlyOnce));
  CHECK(broken(&Delivery::reordered, kOrdered));
  for (const auto mode : {kAtMostOnce, kAtLeastOnce, kExactlyOnce, kOrdered}) {
    CHECK(broken(&Delivery::corrupt, mode));
    CHECK(broken(&Delivery::foreign, mode));
    CHECK_FALSE(broken(&Delivery::late, mode));
    CHECK_FALSE(broken(&Delivery::unacknowledged, mode));
  }
  Delivery both;
  both.lost = 1'234;
  both.reordered = 1;
  CHECK(broken_promise(both, kOrdered) == "lost 1,234, out of order 1");
}

}  // namespace
