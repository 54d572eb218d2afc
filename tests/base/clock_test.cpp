#include "base/clock.hpp"

#include <ctime>

#include "support/catch.hpp"

using namespace relay;

TEST_CASE("RFC 3339 with milliseconds") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(1) == "1970-01-01T00:00:00.001Z");
  CHECK(rfc3339(1'795'233'906'789) == "2026-11-21T04:05:06.789Z");
  CHECK(rfc3339(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(rfc3339(4'102'444'799'999) == "2099-12-31T23:59:59.999Z");
}

TEST_CASE("RFC 3339 before 1970") {
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(rfc3339(-1000) == "1969-12-31T23:59:59.000Z");
  CHECK(rfc3339(-86'400'001) == "1969-12-30T23:59:59.999Z");
}

TEST_CASE("the system clock is the machine's") {
  const std::int64_t before = static_cast<std::int64_t>(time(nullptr)) * 1000;
  CHECK(system_clock().wall_ms() >= before - 1000);
  CHECK(system_clock().wall_ms() <= before + 60'000);
  const SteadyTime first = system_clock().steady();
  CHECK(system_clock().steady() >= first);
}
