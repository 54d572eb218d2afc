#include "base/decimal.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "support/catch.hpp"

using namespace relay;

TEST_CASE("a decimal has the digits of its number") {
  CHECK(Decimal(0).view() == "0");
  CHECK(Decimal(42U).view() == "42");
  CHECK(Decimal(-7).view() == "-7");
  CHECK(Decimal(std::numeric_limits<std::uint64_t>::max()).view() == "18446744073709551615");
  CHECK(Decimal(std::numeric_limits<std::int64_t>::min()).view() == "-9223372036854775808");
}

TEST_CASE("a copied decimal has digits of its own") {
  Decimal copy(1);
  {
    const Decimal first(123456789);
    copy = first;
  }
  CHECK(copy.view() == "123456789");
}
