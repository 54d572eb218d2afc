#include "base/log_window.hpp"

#include "support/catch.hpp"

using namespace relay;
using log::Level;
using log::Windows;

namespace {

const SteadyTime kStart{std::chrono::hours(1)};

// How many of `lines` are written.
int admitted(Windows& windows, const char* event, int lines, SteadyTime now) {
  int count = 0;
  for (int i = 0; i < lines; ++i) count += windows.admit(event, Level::kWarning, now) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("five lines of an event pass in a window") {
  Windows windows;
  CHECK(admitted(windows, "a", 5, kStart) == 5);
  CHECK(admitted(windows, "a", 7, kStart + std::chrono::seconds(9)) == 0);
  CHECK(admitted(windows, "b", 3, kStart) == 3);
}

TEST_CASE("a window that is over says what it suppressed, once") {
  Windows windows;
  admitted(windows, "a", 8, kStart);
  admitted(windows, "b", 5, kStart);
  CHECK(windows.take_closed(kStart + Windows::kLength - std::chrono::nanoseconds(1)).empty());
  const auto closed = windows.take_closed(kStart + Windows::kLength);
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].event == "a");
  CHECK(closed[0].count == 3);
  CHECK(windows.take_closed(kStart + 2 * Windows::kLength).empty());
  CHECK(admitted(windows, "a", 6, kStart + 2 * Windows::kLength) == 5);
}

TEST_CASE("windows of several events close each at its time") {
  Windows windows;
  admitted(windows, "a", 6, kStart);
  admitted(windows, "b", 7, kStart + std::chrono::seconds(4));
  const auto first = windows.take_closed(kStart + std::chrono::seconds(10));
  REQUIRE(first.size() == 1);
  CHECK(first[0].event == "a");
  const auto second = windows.take_closed(kStart + std::chrono::seconds(14));
  REQUIRE(second.size() == 1);
  CHECK(second[0].event == "b");
  CHECK(second[0].count == 2);
}

TEST_CASE("the level is the last one's") {
  Windows windows;
  admitted(windows, "a", 6, kStart);
  windows.admit("a", Level::kError, kStart);
  CHECK(windows.take_closed(kStart + Windows::kLength).at(0).level == Level::kError);
}
