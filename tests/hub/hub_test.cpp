#include "hub/hub.hpp"

#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_storage.hpp"

using namespace relay;
using namespace relay::hub;
using relay::test::FakeStorage;
using relay::test::RecordingSubscriber;
using relay::test::request_for;

namespace {

struct Fixture {
  test::FakeClock clock;
  metrics::LoopMetrics metrics;
  Hub hub{clock, metrics, {.heal_hold_messages = 10, .max_payload_bytes = 100}};
  FakeStorage storage{hub};
  Fixture() { hub.attach(storage); }
  void subscribe(RecordingSubscriber& subscriber, const std::vector<std::string>& channels,
                 std::optional<MessageId> after = {}) {
    hub.subscribe(subscriber.subscription, request_for(channels, after));
    storage.settle();
    REQUIRE(subscriber.live);
  }
  Result<Appended> publish(std::string_view data, std::string_view event = "",
                           std::optional<Milliseconds> ttl = {}) {
    PublishRequest request;
    request.draft.channel = ChannelName::copy_of("a");
    request.draft.data = data;
    request.draft.event = event;
    request.ttl = ttl;
    std::optional<Result<Appended>> outcome;
    hub.publish(std::move(request), [&](Result<Appended> appended) { outcome = std::move(appended); });
    storage.settle();
    return *outcome;
  }
};

}  // namespace

TEST_CASE("A draft is checked before it reaches the store") {
  Fixture f;
  CHECK(f.publish(std::string(101, 'x')).error().kind == ErrorKind::kTooLarge);
  CHECK(f.publish("\xff").error().kind == ErrorKind::kUnsupported);
  for (const char* event : {"gap", "error", "open", "a\nb", "a\rb", "a\tb", "\xff"}) {
    CHECK(f.publish("x", event).error().code == "bad_event");
  }
  CHECK(f.publish("x", std::string(256, 'e')).error().code == "bad_event");
  CHECK(f.publish("x", "", Milliseconds(-1)).error().code == "bad_ttl");
  CHECK(f.publish("x", "", Milliseconds(300'001)).error().code == "bad_ttl");
  CHECK(f.storage.last() == 999);
  CHECK(f.publish("x", std::string(255, 'e'), Milliseconds(300'000)).value().id == 1000);
  CHECK(f.publish("x", "", Milliseconds(0)).value().id == 1001);
}

TEST_CASE("A message reaches the subscribers of its channel on this loop, each once") {
  Fixture f;
  RecordingSubscriber one;
  RecordingSubscriber both;
  f.subscribe(one, {"a"});
  f.subscribe(both, {"a", "b"});
  f.storage.store("a", "1");
  f.storage.store("b", "2");
  f.storage.store("c", "3");
  f.storage.settle();
  CHECK(one.ids() == std::vector<MessageId>{1000});
  CHECK(both.ids() == std::vector<MessageId>{1000, 1001});
  CHECK(f.storage.watched() == std::set<std::string>{"a", "b"});
  CHECK(f.hub.topics().find("a")->entries.size() == 2);
  f.hub.unsubscribe(both.subscription);
  CHECK(f.storage.watched() == std::set<std::string>{"a"});
}

TEST_CASE("What is announced together arrives as if it came singly") {
  Fixture f;
  RecordingSubscriber a;
  RecordingSubscriber ab;
  f.subscribe(a, {"a"});
  f.subscribe(ab, {"a", "b"});
  std::vector<DeliveryPtr> deliveries;
  std::vector<MessageId> of_a;
  std::vector<MessageId> of_both;
  for (MessageId id = 1001; id <= 1050; ++id) {
    Draft draft;
    draft.channel = ChannelName::copy_of(id % 3 == 0 ? "a" : id % 3 == 1 ? "b" : "nobody's");
    draft.data = "x";
    draft.ttl_ms = 1000;
    if (id % 3 == 0) of_a.push_back(id);
    if (id % 3 != 2) of_both.push_back(id);
    deliveries.emplace_back(new Delivery(MessagePtr(Message::make(id, std::move(draft)))));
  }
  f.hub.on_announced_together(deliveries);
  CHECK(a.ids() == of_a);
  CHECK(ab.ids() == of_both);
  f.hub.on_announced_together({});
  CHECK(ab.ids() == of_both);
}

TEST_CASE("After a cut every live stream gets what it missed, in place and in order") {
  const bool quiet = GENERATE(true, false);  // whether the loop had fanned anything out before
  Fixture f;
  RecordingSubscriber a;
  RecordingSubscriber ab;
  f.storage.store("a", "before anybody");
  f.subscribe(a, {"a"});
  f.subscribe(ab, {"a", "b"}, 0);
  if (!quiet) f.storage.store("a", "seen");
  f.storage.settle();
  const MessageId begun = f.storage.last();
  f.storage.cut();
  CHECK(f.hub.healing());
  f.storage.store("b", "missed");
  f.storage.store("a", "missed");
  f.storage.store("b", "missed");
  f.storage.restore();
  f.storage.settle();
  CHECK_FALSE(f.hub.healing());
  f.storage.store("a", "live");
  f.storage.settle();
  const std::vector<MessageId> all_ids = ab.ids();
  const std::vector<MessageId> a_ids = a.ids();
  CHECK(std::vector<MessageId>(all_ids.end() - 4, all_ids.end()) ==
        std::vector<MessageId>{begun + 1, begun + 2, begun + 3, begun + 4});
  CHECK(std::vector<MessageId>(a_ids.end() - 2, a_ids.end()) == std::vector<MessageId>{begun + 2, begun + 4});
  CHECK(all_ids.size() == (quiet ? 5 : 6));
  CHECK(a.gaps() + ab.gaps() == 0);
}

TEST_CASE("What was trimmed during a cut is told to those who missed it, not to those who came later") {
  Fixture f;
  RecordingSubscriber early;
  f.storage.store("a", "0");
  f.subscribe(early, {"a"});
  for (int i = 0; i < 10; ++i) f.storage.store("a", "x");
  f.storage.settle();
  f.storage.cut();
  for (int i = 0; i < 10; ++i) f.storage.store("a", "missed");
  f.storage.trim("a", 3);
  f.storage.restore();
  f.storage.settle();
  REQUIRE(early.gaps() == 1);
  CHECK(early.ids().size() == 13);
  RecordingSubscriber late;
  f.subscribe(late, {"a"});
  f.storage.cut();
  f.storage.restore();
  f.storage.settle();
  CHECK(late.told.empty());
  CHECK(early.gaps() == 1);
}

TEST_CASE("Lost data is told to every live stream, and new ids reach them although they begin lower") {
  Fixture f;
  RecordingSubscriber subscriber;
  f.subscribe(subscriber, {"a"});
  for (int i = 0; i < 100; ++i) f.storage.store("a", "x");
  f.storage.settle();
  f.storage.cut();
  SECTION("all of it: a new life") {
    f.storage.lose_everything();
  }
  SECTION("the end of it") {
    f.storage.lose_end(1050);
  }
  f.storage.restore();
  f.storage.settle();
  CHECK(subscriber.gaps() == 1);
  const MessageId next = f.storage.store("a", "new");
  f.storage.settle();
  CHECK(subscriber.ids().back() == next);
}

TEST_CASE("Lost data is told although messages of its new life came before that was noticed") {
  Fixture f;
  RecordingSubscriber subscriber;
  f.subscribe(subscriber, {"a", "b"});
  f.storage.store("a", "x");
  f.storage.cut();
  f.storage.restore();
  f.storage.settle();
  f.storage.lose_everything();
  const MessageId first = f.storage.store("a", "new");
  f.storage.settle();
  CHECK(subscriber.gaps() == 0);
  f.storage.cut();  // it is noticed
  f.storage.restore();
  f.storage.settle();
  CHECK(subscriber.gaps() == 2);
  CHECK(subscriber.told.back().first == first);
  f.storage.cut();
  f.storage.restore();
  f.storage.settle();
  CHECK(subscriber.gaps() == 2);
  CHECK(subscriber.ids().back() == first);
}

TEST_CASE("After a failover without the last writes, a stream goes back to where both stores agree") {
  Fixture f;
  RecordingSubscriber subscriber;
  f.subscribe(subscriber, {"a", "b"});
  const MessageId common = f.storage.store("a", "on both");
  f.storage.settle();
  for (int i = 0; i < 10; ++i) f.storage.store("a", "lost");  // what the new store never got
  f.storage.settle();
  REQUIRE(subscriber.ids().size() == 11);
  f.storage.cut();
  f.storage.lose_end(common);
  const MessageId other = f.storage.store("b", "by whoever was at the new store before");
  CHECK(other < subscriber.ids().back());
  f.storage.begin_epoch(subscriber.ids().back() + 1);
  f.hub.on_forgotten(common);
  f.storage.restore();
  f.storage.settle();
  CHECK(subscriber.gaps() == 2);  // a and b
  CHECK(subscriber.told.at(11).gap);
  CHECK(subscriber.told.at(11).id == common);
  CHECK(subscriber.ids().back() == other);
  const MessageId next = f.storage.store("a", "live");
  f.storage.settle();
  CHECK(subscriber.ids().size() == 13);
  CHECK(subscriber.ids().back() == next);
  f.storage.cut();
  f.storage.restore();
  f.storage.settle();
  CHECK(subscriber.gaps() == 2);
  CHECK(subscriber.ids().size() == 13);
}

TEST_CASE("Whichever read of a heal fails, the next tick heals") {
  for (int n = 0; n < 4; ++n) {
    Fixture f;
    RecordingSubscriber subscriber;
    f.subscribe(subscriber, {"a"});
    f.storage.cut();
    for (int i = 0; i < 600; ++i) f.storage.store("a", "missed");
    f.storage.restore();
    f.storage.fail_in(n);
    f.storage.settle();
    f.hub.tick();
    f.storage.settle();
    CHECK_FALSE(f.hub.healing());
    CHECK(subscriber.ids().size() == 600);
  }
}

TEST_CASE("More announcements during a heal than may be held: it heals again, nothing is lost") {
  Fixture f;
  RecordingSubscriber subscriber;
  f.subscribe(subscriber, {"a"});
  f.storage.cut();
  f.storage.store("a", "missed");
  f.storage.restore();
  f.storage.deliver_announcement();  // restored: the heal has begun
  f.storage.execute_command();
  for (int i = 0; i < 50; ++i) f.storage.store("a", "meanwhile");
  while (f.storage.deliver_announcement()) {
  }
  f.storage.settle();
  f.hub.tick();
  f.storage.settle();
  CHECK_FALSE(f.hub.healing());
  CHECK(subscriber.ids().size() == 51);
  CHECK(f.metrics.get(metrics::Counter::kHoldOverflows) > 0);
}

TEST_CASE("Ephemeral messages go to live streams only and move no position") {
  Fixture f;
  RecordingSubscriber subscriber;
  f.subscribe(subscriber, {"a"});
  const MessageId before = subscriber.subscription.position();
  f.storage.store("a", "brief", false);
  f.storage.settle();
  CHECK(subscriber.ids().size() == 1);
  CHECK(subscriber.subscription.position() == before);
  f.storage.cut();
  f.storage.store("a", "brief", false);
  f.storage.restore();
  f.storage.settle();
  CHECK(subscriber.ids().size() == 1);
}
