#include "frontend/bridge_state.hpp"

#include "support/catch.hpp"

namespace relay::frontend {
namespace {

std::size_t warnings(std::vector<std::string> ranges) {
  options::Options options;
  options.proxy.trusted_ranges = std::move(ranges);
  return bridge_warnings(options).size();
}

TEST_CASE("trusting everybody is warned of") {
  CHECK(warnings({"127.0.0.0/8", "10.0.0.0/8", "::1/128"}) == 0);
  CHECK(warnings({}) == 0);
  CHECK(warnings({"0.0.0.0/0"}) == 1);
  CHECK(warnings({"::/0"}) == 1);
  CHECK(warnings({"0.0.0.0/1", "128.0.0.0/1"}) == 1);
}

TEST_CASE("addresses that cannot be posted to are warned of") {
  options::Options options;
  options.bridge.webhook_urls = {"hook.example", "https://hook.example"};
  options.bridge.copy_to_url = "ftp://x";
  CHECK(bridge_warnings(options).size() == 2);
  options.bridge.enable = false;
  CHECK(bridge_warnings(options).empty());
}

}  // namespace
}  // namespace relay::frontend
