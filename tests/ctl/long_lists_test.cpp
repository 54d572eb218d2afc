// Lists and kicks that a loop does in several turns: whole, and nothing twice.
#include <set>

#include "ctl/live_fixture.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

namespace relay::test {
namespace {

using nlohmann::json;

constexpr int kWide = 3;           // streams of
constexpr int kChannels = 1000;    // channels each
constexpr std::size_t kBig = 700;  // streams of one channel

struct Crowd : LiveFixture {
  Crowd() : LiveFixture(Settings{{"loops", "1"}}) {
    for (int i = 0; i < kWide; ++i) {
      std::string query;
      for (int c = 0; c < kChannels; ++c)
        query += (c == 0 ? "channel=c" : "&channel=c") + std::to_string(i * kChannels + c);
      streams.open(relayd.port(), Wire::kSse, query);
    }
    for (std::size_t i = 0; i < kBig; ++i) streams.open(relayd.port(), Wire::kSse, "channel=big");
    REQUIRE(streams.await_live());
  }
};

std::set<std::string> all_of(const json& rows, const char* key) {
  std::set<std::string> values;
  for (const json& row : rows) CHECK(values.insert(row[key].get<std::string>()).second);
  return values;
}

}  // namespace

TEST_CASE("channels, clients and who is present are listed whole, and a channel is kicked whole") {
  Crowd crowd;
  const auto channels = all_of(crowd.ctl.json({"channels", "list"}), "channel");
  CHECK(channels.size() == kWide * kChannels + 1);
  CHECK(crowd.ctl.json({"channels", "list", "--pattern", "c29??"}).size() == 100);
  CHECK(all_of(crowd.ctl.json({"clients", "list"}), "client").size() == kWide + kBig);
  CHECK(crowd.ctl.json({"clients", "list", "--channel", "c2999"}).size() == 1);
  CHECK(crowd.ctl.json({"clients", "list", "--channel", "none"}).empty());

  const HttpAnswer answer = http_get(crowd.relayd.port(), "/v1/channels/big/presence");
  REQUIRE(answer.status == 200);
  const json present = json::parse(answer.body);
  CHECK(present["count"] == kBig);
  CHECK(all_of(present["clients"], "clientId").size() == kBig);

  CHECK(crowd.ctl.json({"channels", "kick", "big", "-y"})["kicked"] == kBig);
  REQUIRE(crowd.streams.run_until([&] {
    std::size_t ended = 0;
    for (const auto& stream : crowd.streams.all()) ended += stream->ended() ? 1 : 0;
    return ended == kBig;
  }));
  CHECK(crowd.ctl.json({"clients", "list"}).size() == kWide);
}

}  // namespace relay::test
