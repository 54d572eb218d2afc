#include "storage/memory/memory_registry.hpp"

#include "support/catch.hpp"
#include "support/fake_clock.hpp"

using namespace relay;

namespace {

struct Told final : hub::RegistryEvents {
  std::vector<std::string> lines;
  void on_lost(std::uint64_t) override { lines.emplace_back("lost"); }
  void on_present(const hub::Present& who, std::string_view channel, bool joined) override {
    lines.push_back((joined ? "+" : "-") + std::string(channel) + " " + who.client_id + " " + who.transport);
  }
};

}  // namespace

TEST_CASE("With memory storage this instance is the only one") {
  test::FakeClock clock;
  Told told;
  const auto store = std::make_shared<memory::MemoryStore>(clock);
  memory::MemoryRegistry registry(clock, store, told);
  hub::InstanceStatus status;
  status.id = "one";
  status.clients = 4;
  registry.beat(status);
  clock.advance(Milliseconds(300));
  std::vector<hub::Instance> all;
  registry.instances([&](auto found) { all = found.value(); });
  REQUIRE(all.size() == 1);
  CHECK(all[0].alive);
  CHECK(all[0].silent_ms == 300);
  CHECK(all[0].status.clients == 4);
  std::vector<bool> known;
  for (const char* id : {"one", "two"})
    registry.knows(id, [&](Result<bool> answer) { known.push_back(answer.value()); });
  CHECK(known == std::vector<bool>{true, false});
  bool asked = false;
  registry.presence("a", 10, [&](Result<hub::PresenceAnswer> answer) {
    asked = true;
    CHECK(answer->all);
    CHECK(answer->others.empty());
  });
  CHECK(asked);
}

TEST_CASE("Joins and leaves are told at once, where somebody listens for them") {
  test::FakeClock clock;
  Told told;
  const auto store = std::make_shared<memory::MemoryStore>(clock);
  memory::MemoryRegistry registry(clock, store, told);
  hub::InstanceStatus status;
  status.id = "one";
  registry.beat(status);
  const auto channel = hub::ChannelName::copy_of("a");
  const auto listened = hub::ChannelName::copy_of("$presence:a");
  store->watch(listened, store->add_inbox(std::make_shared<memory::Inbox>([] {})));
  registry.update({{hub::ChannelName::copy_of("b"), 2, 9, "sse", 5000}});
  registry.update({{channel, 2, 9, "sse", 5000}, {channel, 2, 8, "", 0}});
  CHECK(told.lines == std::vector<std::string>{"+a one.2.9 sse", "-a one.2.8 "});
  bool done = false;
  registry.retire([&] { done = true; });
  CHECK(done);
}
