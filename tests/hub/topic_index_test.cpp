#include "hub/topic_index.hpp"

#include <memory>
#include <random>
#include <set>

#include "support/catch.hpp"
#include "support/fake_storage.hpp"

using namespace relay;
using namespace relay::hub;
using relay::test::RecordingSubscriber;

namespace {

ChannelName name(std::string_view text) {
  return ChannelName::copy_of(text);
}

}  // namespace

TEST_CASE("The first to join makes the topic, the last to leave ends it") {
  RecordingSubscriber a;
  RecordingSubscriber b;
  TopicIndex index;
  bool created = false;
  Topic& topic = index.join(a.subscription, name("x"), created);
  CHECK(created);
  CHECK(topic.name.view() == "x");
  CHECK_FALSE(topic.watched);
  CHECK(&index.join(b.subscription, name("x"), created) == &topic);
  CHECK_FALSE(created);
  CHECK(index.find("x") == &topic);
  CHECK(index.find("y") == nullptr);
  CHECK(index.find(name("x")) == &topic);  // another copy of the name
  CHECK(index.find(topic.name) == &topic);
  CHECK(index.find(name("y")) == nullptr);
  CHECK(index.find(ChannelName()) == nullptr);
  int emptied = 0;
  const auto count = [&](Topic& ended) {
    CHECK(ended.name.view() == "x");
    ++emptied;
  };
  index.leave(a.subscription, count);
  CHECK(emptied == 0);
  REQUIRE(topic.entries.size() == 1);
  CHECK(topic.entries[0].subscription == &b.subscription);
  index.leave(b.subscription, count);
  CHECK(emptied == 1);
  CHECK(index.size() == 0);
  CHECK(index.subscriptions() == 0);
}

TEST_CASE("What relayd itself listens to is a topic, but counts as nobody's subscription") {
  RecordingSubscriber own;
  RecordingSubscriber client;
  TopicIndex index;
  bool created = false;
  index.join(own.subscription, name(kBroadcastChannel), created);
  index.join(own.subscription, name("$instance:a"), created);
  CHECK(created);
  CHECK(index.size() == 2);
  CHECK(index.channels() == 0);
  CHECK(index.subscriptions() == 0);
  index.join(client.subscription, name("x"), created);
  index.join(client.subscription, name("$presence:x"), created);
  index.join(own.subscription, name("x"), created);
  CHECK(index.size() == 4);
  CHECK(index.channels() == 2);
  CHECK(index.subscriptions() == 3);
  index.leave(client.subscription, [](Topic&) {});
  CHECK(index.channels() == 1);
  CHECK(index.subscriptions() == 1);
  index.leave(own.subscription, [](Topic&) {});
  CHECK(index.size() == 0);
  CHECK(index.channels() == 0);
  CHECK(index.subscriptions() == 0);
}

TEST_CASE("A walk in parts leaves out no topic that is there all the time, whatever comes and goes") {
  std::mt19937 random(11);
  RecordingSubscriber stays;
  std::vector<std::unique_ptr<RecordingSubscriber>> guests;
  TopicIndex index;
  bool created = false;
  const auto enter = [&](std::size_t at) {
    index.join(guests[at]->subscription, name("guest" + std::to_string(random() % 1000)), created);
  };
  for (std::size_t i = 0; i < 300; ++i) {
    guests.push_back(std::make_unique<RecordingSubscriber>());
    enter(i);
    index.join(stays.subscription, name("stays" + std::to_string(i)), created);
  }
  std::set<std::string> seen;
  int parts = 0;
  std::size_t from = TopicIndex::kEnd;
  do {
    std::size_t visited = 0;
    from = index.visit_some(from, 7, [&](const Topic& topic) {
      ++visited;
      seen.emplace(topic.name.view());
    });
    CHECK(visited <= 7);
    for (int i = 0; i < 5; ++i) {
      const std::size_t at = random() % guests.size();
      index.leave(guests[at]->subscription, [](Topic&) {});
      if (random() % 3 != 0) enter(at);
    }
    REQUIRE(++parts < 1000);
  } while (from > 0);
  for (std::size_t i = 0; i < 300; ++i) CHECK(seen.contains("stays" + std::to_string(i)));
  index.leave(stays.subscription, [](Topic&) {});
  for (const auto& guest : guests) index.leave(guest->subscription, [](Topic&) {});
  CHECK(index.visit_some(TopicIndex::kEnd, 1, [](const Topic&) { FAIL("nobody is there"); }) == 0);
}

TEST_CASE("After any order of joining and leaving the index holds exactly who is there") {
  std::mt19937 random(7);
  std::vector<std::unique_ptr<RecordingSubscriber>> all;
  std::vector<std::set<std::string>> wants;
  TopicIndex index;
  const auto leave = [&](std::size_t at) {
    index.leave(all[at]->subscription, [](Topic&) {});
    wants[at].clear();
  };
  for (int i = 0; i < 40; ++i) {
    all.push_back(std::make_unique<RecordingSubscriber>());
    wants.emplace_back();
  }
  for (int round = 0; round < 2000; ++round) {
    const std::size_t at = random() % all.size();
    if (!wants[at].empty()) {
      leave(at);
    } else {
      for (int i = 0; i < 10; ++i) {
        const std::string channel = "c" + std::to_string(random() % 15);
        bool created = false;
        if (wants[at].insert(channel).second) index.join(all[at]->subscription, name(channel), created);
      }
    }
    std::size_t expected = 0;
    for (const auto& set : wants) expected += set.size();
    REQUIRE(index.subscriptions() == expected);
    std::size_t found = 0;
    index.for_each([&](const Topic& topic) {
      REQUIRE_FALSE(topic.entries.empty());
      for (const Topic::Entry& entry : topic.entries) {
        std::size_t owner = 0;
        while (&all[owner]->subscription != entry.subscription) ++owner;
        REQUIRE(wants[owner].count(std::string(topic.name.view())) == 1);
        ++found;
      }
    });
    REQUIRE(found == expected);
  }
  for (std::size_t i = 0; i < all.size(); ++i) leave(i);
  CHECK(index.size() == 0);
}
