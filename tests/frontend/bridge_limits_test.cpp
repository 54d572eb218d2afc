#include "frontend/bridge_limits.hpp"

#include "support/catch.hpp"

namespace relay::frontend {
namespace {

using std::chrono::milliseconds;

net::IpAddress address(std::uint32_t number) {
  net::IpAddress ip;
  for (std::size_t i = 0; i < 4; ++i) ip.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return ip;
}

int taken(BridgeRateLimiter& limiter, const net::IpAddress& ip, std::int64_t rate, SteadyTime now) {
  int count = 0;
  while (limiter.take(ip, rate, now)) ++count;
  return count;
}

TEST_CASE("a bucket holds one second's worth and refills evenly") {
  BridgeRateLimiter limiter;
  const SteadyTime start{std::chrono::hours(1)};
  CHECK(taken(limiter, address(1), 10, start) == 10);
  CHECK(taken(limiter, address(1), 10, start + milliseconds(100)) == 1);
  CHECK(taken(limiter, address(1), 10, start + milliseconds(400)) == 3);
  CHECK(taken(limiter, address(1), 10, start + milliseconds(60'000)) == 10);
}

TEST_CASE("addresses do not share a bucket") {
  BridgeRateLimiter limiter;
  const SteadyTime now{std::chrono::hours(1)};
  CHECK(taken(limiter, address(1), 3, now) == 3);
  CHECK(taken(limiter, address(2), 3, now) == 3);
}

TEST_CASE("a bucket survives the change of generations") {
  BridgeRateLimiter limiter;
  const SteadyTime start{std::chrono::hours(1)};
  CHECK(limiter.take(address(9), 10, start));  // begins a generation
  CHECK(taken(limiter, address(1), 10, start + milliseconds(990)) == 10);
  CHECK(taken(limiter, address(1), 10, start + milliseconds(1010)) == 0);
}

TEST_CASE("the table of buckets is bounded") {
  BridgeRateLimiter limiter(100);
  const SteadyTime now{std::chrono::hours(1)};
  for (std::uint32_t i = 0; i < 10'000; ++i) CHECK(limiter.take(address(i), 1, now));
  CHECK(limiter.size() <= 200);
}

TEST_CASE("streams of an address are counted and given back") {
  BridgeConnections connections;
  auto first = connections.enter(address(1), 2);
  auto second = connections.enter(address(1), 2);
  REQUIRE((first && second));
  CHECK_FALSE(connections.enter(address(1), 2).has_value());
  CHECK(connections.enter(address(2), 2).has_value());
  BridgeConnections::Lease moved = std::move(*first);
  first.reset();
  CHECK_FALSE(connections.enter(address(1), 2).has_value());
  moved = BridgeConnections::Lease();
  CHECK(connections.enter(address(1), 2).has_value());
  second.reset();
  CHECK(connections.addresses() == 0);
}

TEST_CASE("a bypass token is found with and without Bearer") {
  const std::vector<std::string> tokens{"", "one", "two"};
  CHECK(find_bypass_token(tokens, "Bearer two") == 2U);
  CHECK(find_bypass_token(tokens, "one") == 1U);
  CHECK_FALSE(find_bypass_token(tokens, "Bearer three").has_value());
  CHECK_FALSE(find_bypass_token(tokens, "Bearer ").has_value());
  CHECK_FALSE(find_bypass_token(tokens, "").has_value());
  CHECK_FALSE(find_bypass_token(tokens, "bearer one").has_value());
}

}  // namespace
}  // namespace relay::frontend
