#include "frontend/bridge_cork.hpp"

#include "support/catch.hpp"

namespace relay::frontend {
namespace {

TEST_CASE("a message waits for the POSTs in flight when it came, no later ones") {
  BridgeCork cork;
  int woken = 0;
  const auto wake = [&] { ++woken; };
  CHECK_FALSE(cork.in_flight("a"));
  CHECK_FALSE(cork.wait("a", wake));
  const auto first = cork.enter("a");
  const auto second = cork.enter("a");
  CHECK(cork.in_flight("a"));
  CHECK_FALSE(cork.in_flight("b"));
  REQUIRE(cork.wait("a", wake));
  const auto later = cork.enter("a");
  cork.leave("a", second);
  CHECK(woken == 0);
  cork.leave("a", first);
  CHECK(woken == 1);
  REQUIRE(cork.wait("a", wake));
  cork.leave("a", later);
  CHECK(woken == 2);
  CHECK_FALSE(cork.in_flight("a"));
}

TEST_CASE("leaving twice changes nothing") {
  BridgeCork cork;
  const auto ticket = cork.enter("a");
  const auto other = cork.enter("a");
  cork.leave("a", ticket);
  cork.leave("a", ticket);
  CHECK(cork.in_flight("a"));
  cork.leave("a", other);
  CHECK_FALSE(cork.in_flight("a"));
  cork.leave("a", other);
  CHECK_FALSE(cork.in_flight("a"));
}

}  // namespace
}  // namespace relay::frontend
