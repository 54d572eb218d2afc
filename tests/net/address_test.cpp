#include "net/address.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace relay;
using namespace relay::net;

TEST_CASE("Addresses are read and written, IPv4 also where IPv6 may stand") {
  CHECK(IpAddress::parse("127.0.0.1")->text() == "127.0.0.1");
  CHECK(IpAddress::parse("::ffff:10.1.2.3")->text() == "10.1.2.3");
  CHECK(IpAddress::parse("2001:DB8::1")->text() == "2001:db8::1");
  CHECK(IpAddress::parse("10.1.2.3") == IpAddress::parse("::ffff:10.1.2.3"));
  for (const char* wrong :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::g", "localhost", "1.2.3.4:80", "[::1]", " 1.2.3.4"}) {
    CHECK_FALSE(IpAddress::parse(wrong).has_value());
  }
}

TEST_CASE("A range holds exactly the addresses of its prefix") {
  struct Case {
    const char* range;
    std::vector<const char*> inside;
    std::vector<const char*> outside;
  };
  const std::vector<Case> cases{
      {"10.0.0.0/8", {"10.0.0.0", "10.255.255.255"}, {"9.255.255.255", "11.0.0.0", "::1"}},
      {"192.168.4.0/22", {"192.168.4.1", "192.168.7.255"}, {"192.168.3.255", "192.168.8.0"}},
      {"1.2.3.4", {"1.2.3.4", "::ffff:1.2.3.4"}, {"1.2.3.5"}},
      {"0.0.0.0/0", {"1.2.3.4"}, {"2001:db8::1"}},
      {"2001:db8::/33", {"2001:db8::1"}, {"2001:db8:8000::1", "1.2.3.4"}},
      {"::/0", {"::1", "1.2.3.4"}, {}},
  };
  for (const Case& one : cases) {
    const IpRange range = IpRange::parse(one.range).value();
    for (const char* address : one.inside) CHECK(range.contains(*IpAddress::parse(address)));
    for (const char* address : one.outside) CHECK_FALSE(range.contains(*IpAddress::parse(address)));
  }
  for (const char* wrong :
       {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "::/129", "ten/8"}) {
    CHECK_FALSE(IpRange::parse(wrong).has_value());
  }
}

TEST_CASE("Endpoints: host and port, every address, Unix sockets") {
  CHECK(Endpoint::parse("127.0.0.1:8081")->text() == "127.0.0.1:8081");
  CHECK(Endpoint::parse("localhost:80")->text() == "127.0.0.1:80");
  CHECK(Endpoint::parse("[::1]:8081")->text() == "[::1]:8081");
  CHECK(Endpoint::parse(":8081")->host.empty());
  CHECK(Endpoint::parse("*:8081")->host.empty());
  CHECK(Endpoint::parse("unix:/run/x.sock")->unix_path == "/run/x.sock");
  for (const char* wrong : {"", "8081", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                            "127.0.0.1:8x", "host.example:1", "unix:"}) {
    const auto endpoint = Endpoint::parse(wrong);
    REQUIRE_FALSE(endpoint.has_value());
    CHECK(endpoint.error().code == "bad_address");
  }
}
