#include "hub/hubs.hpp"

#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_storage.hpp"

using namespace relay;
using namespace relay::test;

namespace {

// Three partitions: 'a' is in 1, 'b' in 2, 'c' in 0.
struct Fixture {
  Fixture() : hubs(clock, metrics, {}), store(3) {
    subscriber.keeps_cursors = true;
    hubs.attach(store);
  }
  ~Fixture() { subscriber.subscription.leave(); }
  void subscribe(const std::vector<std::string>& channels, std::optional<hub::Cursor> after) {
    hubs.subscribe(subscriber.subscription, stream_for(channels, std::move(after)));
  }
  MessageId publish(std::string_view channel) { return store.part_of(channel).store(channel, "x"); }
  // Until nothing moves in one partition alone.
  void settle(std::string_view channel) { store.part_of(channel).settle(); }
  std::vector<std::string> told() const {
    std::vector<std::string> all;
    for (const auto& one : subscriber.told) {
      all.push_back((one.gap ? "gap " : "") + one.channel + ' ' + std::to_string(one.id) +
                    (one.gap ? ".." + std::to_string(one.first) : ""));
    }
    return all;
  }
  hub::Cursor cursor() const { return subscriber.subscription.cursor(); }

  FakeClock clock;
  metrics::LoopMetrics metrics;
  hub::Hubs hubs;
  FakeStore store;
  RecordingSubscriber subscriber;
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("Channels of one partition make a plain subscription of its hub") {
  Fixture f;
  f.publish("b");
  f.subscribe({"a", "d"}, {});  // both in 1
  f.store.settle();
  CHECK_FALSE(f.subscriber.subscription.is_joint());
  CHECK(f.subscriber.live);
  CHECK(f.store.part(1).watched().size() == 2);
  CHECK(f.store.part(0).watched().empty());
  f.publish("a");
  f.store.settle();
  CHECK(f.cursor().text() == "1000");
  CHECK(f.subscriber.subscription.floor() == 1000);
}

TEST_CASE("A publish goes to the partition of its channel") {
  Fixture f;
  MessageId id = 0;
  hub::PublishRequest request;
  request.draft.channel = hub::ChannelName::copy_of("b");
  request.draft.data = "x";
  f.hubs.publish(std::move(request), [&](const Result<hub::Appended>& appended) { id = appended->id; });
  f.store.settle();
  CHECK(id == 1000);
  CHECK(f.store.part(2).last() == 1000);
  CHECK(f.store.part(1).last() == 999);
}

TEST_CASE("A read and a presence list are those of the channel's partition") {
  Fixture f;
  f.publish("b");
  f.subscribe({"a", "b"}, {});
  f.store.settle();
  std::size_t found = 0;
  f.hubs.read({hub::ChannelName::copy_of("b"), 0, 10, Milliseconds{1}},
              [&](const Result<hub::ReadAnswer>& answer) { found = answer->pages.at(0).messages.size(); });
  f.store.settle();
  CHECK(found == 1);
  CHECK(f.hubs.topics().find("b")->entries.size() == 1);
  CHECK(f.hubs.topics().find("c") == nullptr);
  CHECK(f.metrics.get(metrics::Gauge::kChannels) == 2);
  CHECK(f.metrics.get(metrics::Gauge::kSubscriptions) == 2);
}

TEST_CASE("A joint is live when all its partitions are, and nothing is told before") {
  Fixture f;
  for (const char* channel : {"a", "a", "b", "b", "c"}) f.publish(channel);
  f.subscribe({"a", "b", "c"}, 0);
  CHECK(f.subscriber.subscription.is_joint());
  CHECK(f.subscriber.subscription.channel_count() == 3);
  CHECK(f.subscriber.subscription.channels().size() == 3);
  bool told_before_live = false;
  f.subscriber.when_live = [&] { told_before_live = !f.subscriber.told.empty(); };
  f.settle("a");
  f.publish("a");
  f.settle("a");
  f.settle("c");
  CHECK_FALSE(f.subscriber.live);
  CHECK(f.subscriber.told.empty());
  f.settle("b");
  CHECK(f.subscriber.live);
  CHECK_FALSE(told_before_live);
  f.store.settle();
  CHECK(f.subscriber.caught_up);
  CHECK(f.told() == Told{"a 1000", "c 1000", "a 1001", "a 1002", "b 1000", "b 1001"});
}

TEST_CASE("Every cursor of a joint goes on exactly where it was given") {
  Fixture f;
  for (const char* channel : {"a", "b", "c", "a", "b", "b", "c", "a"}) f.publish(channel);
  f.subscribe({"a", "b", "c"}, 0);
  f.store.settle();
  f.publish("c");
  f.publish("a");
  f.store.settle();
  const auto whole = f.subscriber.told;
  REQUIRE(whole.size() == 10);
  for (std::size_t seen = 1; seen <= whole.size(); ++seen) {
    RecordingSubscriber again;
    f.hubs.subscribe(again.subscription,
                     stream_for({"c", "a", "b"}, hub::Cursor::parse(whole[seen - 1].cursor->text())));
    f.store.settle();
    CHECK(again.live);
    CHECK(again.gaps() == 0);
    CHECK(again.subscription.recovered());
    CHECK(again.told.size() == whole.size() - seen);
    for (const auto& one : again.told) {
      const bool before =
          std::any_of(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(seen),
                      [&](const auto& told) { return told.channel == one.channel && told.id == one.id; });
      CHECK_FALSE(before);
    }
  }
}

TEST_CASE("A cursor of other channels: a partition that it does not name begins at its lowest") {
  Fixture f;
  for (int i = 0; i < 4; ++i) {
    for (const char* channel : {"a", "b", "c"}) f.publish(channel);
  }
  f.subscribe({"a", "b"}, hub::Cursor({{0, 1001}, {1, 1002}}));
  f.store.settle();
  CHECK(f.told() == Told{"a 1003", "b 1002", "b 1003"});
}

TEST_CASE("A time beyond a quiet partition's newest id is no loss; an id beyond it is") {
  const hub::Cursor mixed({{1, 5000}, {2, 5000, true}});
  const auto told_after = [](const std::vector<std::string>& channels, const hub::Cursor& after) {
    Fixture f;
    f.publish("a");
    f.publish("b");
    f.subscribe(channels, after);
    f.store.settle();
    f.publish("b");
    f.store.settle();
    CHECK(f.subscriber.subscription.recovered() == (f.subscriber.gaps() == 0));
    return f.told();
  };
  CHECK(told_after({"a", "b"}, 5000) == Told{"b 1001"});
  CHECK(told_after({"a", "b"}, mixed) == Told{"gap a 1000..1001", "b 1001"});
  CHECK(told_after({"b"}, mixed) == Told{"b 1001"});
  CHECK(told_after({"b"}, 5000) == Told{"gap b 1000..1001", "b 1001"});
}

TEST_CASE("A gap in one partition is told once, and the whole is not recovered") {
  Fixture f;
  for (int i = 0; i < 4; ++i) {
    f.publish("a");
    f.publish("b");
  }
  f.store.part_of("a").trim("a", 1);
  f.subscribe({"a", "b"}, hub::Cursor({{1, 1000}, {2, 1002}}));
  f.store.settle();
  CHECK(f.told() == Told{"gap a 1000..1003", "a 1003", "b 1003"});
  CHECK_FALSE(f.subscriber.subscription.recovered());
}

TEST_CASE("A link that breaks is healed in its partition, the others go on") {
  Fixture f;
  f.subscribe({"a", "b"}, {});
  f.store.settle();
  f.store.part_of("a").cut();
  f.publish("a");
  f.publish("b");
  f.store.settle();
  CHECK(f.told() == Told{"b 1000"});
  CHECK(f.hubs.healing());
  f.store.part_of("a").restore();
  f.store.settle();
  CHECK(f.told() == Told{"b 1000", "a 1000"});
  CHECK_FALSE(f.hubs.healing());
}

TEST_CASE("When one partition cannot be had, the whole fails once and leaves all") {
  Fixture f;
  f.store.part_of("b").cut();
  f.subscribe({"a", "b"}, 0);
  f.store.part_of("b").restore();
  f.store.part_of("b").deliver_announcement();  // watched: now it reads
  f.store.part_of("b").cut();
  f.store.settle();
  CHECK(f.subscriber.failed);
  CHECK_FALSE(f.subscriber.live);
  CHECK_FALSE(f.subscriber.subscription.active());
  CHECK(f.store.part(1).watched().empty());
  CHECK(f.store.part(2).watched().empty());
  f.store.part_of("b").restore();
  f.store.settle();
}

TEST_CASE("A subscriber may go whenever it likes, and every partition is left") {
  for (int steps = 0; steps < 12; ++steps) {
    Fixture f;
    for (const char* channel : {"a", "b", "c"}) f.publish(channel);
    f.subscribe({"a", "b", "c"}, 0);
    for (int i = 0; i < steps; ++i) {
      FakeStorage& part = f.store.part(static_cast<std::uint32_t>(i) % 3);
      part.deliver_announcement() || part.execute_command() || part.deliver_answer();
    }
    f.subscriber.subscription.leave();
    const std::size_t told = f.subscriber.told.size();
    f.store.settle();
    f.hubs.tick();
    CHECK(f.subscriber.told.size() == told);
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(f.store.part(i).watched().empty());
    CHECK(f.metrics.get(metrics::Gauge::kSubscriptions) == 0);
    CHECK(f.metrics.get(metrics::Gauge::kHoldQueueMessages) == 0);
  }
}

TEST_CASE("What a part holds while it waits for another partition is bounded, and comes all the same") {
  Fixture f;
  f.hubs.configure(std::make_shared<hub::Namespaces>(), {.hold_messages = 4});
  f.subscribe({"a", "b"}, 0);
  f.settle("a");
  for (int i = 0; i < 20; ++i) f.publish("a");
  f.settle("a");
  CHECK(f.metrics.get(metrics::Gauge::kHoldQueueMessages) <= 2);
  f.store.settle();
  CHECK(f.subscriber.ids().size() == 20);
}

TEST_CASE("A proof moves a quiet partition's place up, and the floor with it; a slow replay keeps it down") {
  Fixture f;
  f.subscribe({"a", "b"}, 0);
  f.publish("a");
  f.store.settle();
  CHECK(f.subscriber.subscription.floor() == 999);
  const MessageId ahead = f.publish("d");      // also of partition 1, but not of this stream
  for (int i = 0; i < 5; ++i) f.publish("e");  // of partition 2
  f.store.part_of("b").probe();
  f.store.settle();
  CHECK(f.subscriber.subscription.floor() == 999);
  f.hubs.tick();
  CHECK(f.subscriber.subscription.floor() == 1000);
  CHECK(f.cursor() == hub::Cursor({{1, 1000}, {2, 1004, true}}));
  f.store.part_of("a").probe();
  f.store.settle();
  f.hubs.tick();
  CHECK(f.cursor().in(1) == ahead);

  RecordingSubscriber slow;
  slow.is_congested = true;
  for (int i = 0; i < 3; ++i) f.publish("a");
  f.publish("b");
  f.store.part_of("a").probe();
  f.store.settle();
  f.hubs.tick();
  CHECK(f.cursor().in(1) == 1004);
  f.hubs.subscribe(slow.subscription, stream_for({"a", "b"}, 0));
  f.store.settle();
  CHECK(slow.live);
  CHECK(slow.subscription.floor() == 1002);
}

TEST_CASE("While a partition heals nothing is taken for proven") {
  Fixture f;
  f.subscribe({"a", "b"}, {});
  f.store.settle();
  FakeStorage& part = f.store.part_of("a");
  part.cut();
  f.publish("a");
  part.restore();
  part.probe();
  part.deliver_announcement();  // restored: the heal reads
  part.deliver_announcement();  // the proof
  f.hubs.tick();
  CHECK(f.cursor().in(1) == 999);
  f.store.settle();
  f.hubs.tick();
  CHECK(f.cursor().in(1) == 1000);
  CHECK(f.told() == Told{"a 1000"});
}

TEST_CASE("When a partition lost its end, the cursor goes back with it") {
  Fixture f;
  f.subscribe({"a", "b"}, {});
  for (int i = 0; i < 5; ++i) f.publish("a");
  f.store.part_of("a").probe();
  f.store.settle();
  f.hubs.tick();
  CHECK(f.cursor().in(1) == 1004);
  f.store.part_of("a").cut();
  f.store.part_of("a").lose_end(1001);
  f.store.part_of("a").restore();
  f.store.settle();
  CHECK(f.subscriber.gaps() == 1);
  CHECK(f.cursor().in(1) == 1001);
  f.publish("a");
  f.store.settle();
  CHECK(f.subscriber.ids().back() == 1002);
  CHECK(f.cursor().in(1) == 1002);
}
