#include "hub/channel.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>

#include "support/catch.hpp"

using namespace relay::hub;

TEST_CASE("A name keeps its bytes and their hash, and copies share them") {
  const std::string text(255, 'n');
  for (const std::string_view bytes :
       {std::string_view("room:1"), std::string_view(text), std::string_view()}) {
    const ChannelName name = ChannelName::copy_of(bytes);
    CHECK(name.view() == bytes);
    CHECK(name.hash() == ChannelName::hash_of(bytes));
    const ChannelName copy = name;
    CHECK(copy.shares_block_with(name));
    CHECK_FALSE(ChannelName::copy_of(bytes).shares_block_with(name));
  }
  CHECK(ChannelName().view().empty());
  CHECK(ChannelName().hash() == ChannelName::hash_of({}));
  CHECK_FALSE(ChannelName());
}

TEST_CASE("A map by names is asked by a name, by another copy of it, or by its bytes") {
  boost::unordered_flat_map<ChannelName, int, ChannelHash, ChannelEqual> map;
  for (int i = 0; i < 100; ++i) map.emplace(ChannelName::copy_of("c" + std::to_string(i)), i);
  for (const auto& [name, number] : map) {
    const std::string text = "c" + std::to_string(number);
    REQUIRE(map.find(name) != map.end());
    CHECK(map.find(name)->second == number);
    CHECK(map.find(ChannelName::copy_of(text))->second == number);
    CHECK(map.find(std::string_view(text))->second == number);
  }
  CHECK(map.find(ChannelName::copy_of("c100")) == map.end());
  CHECK(map.find(std::string_view("c100")) == map.end());
}
