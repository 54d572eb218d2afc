#include "hub/resume.hpp"

#include <algorithm>
#include <numeric>

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
  Hub hub{clock, metrics, {.hold_messages = 10}};
  FakeStorage storage{hub};
  RecordingSubscriber subscriber;
  Fixture() {
    hub.attach(storage);
    for (int i = 0; i < 20; ++i) storage.store("a", "old");
  }
  ~Fixture() { hub.unsubscribe(subscriber.subscription); }
  void subscribe(std::optional<MessageId> after) {
    hub.subscribe(subscriber.subscription, request_for({"a"}, after));
  }
  std::int64_t held() const { return metrics.get(metrics::Gauge::kHoldQueueMessages); }
  bool has_run(MessageId from, MessageId through) const {
    std::vector<MessageId> expected(through - from + 1);
    std::iota(expected.begin(), expected.end(), from);
    return subscriber.ids() == expected;
  }
};

}  // namespace

TEST_CASE("It is live only when its watch is confirmed and the store has answered") {
  Fixture f;
  f.subscribe({});
  CHECK_FALSE(f.subscriber.live);
  REQUIRE(f.storage.deliver_announcement());  // the confirmation
  CHECK_FALSE(f.subscriber.live);
  REQUIRE(f.storage.execute_command());
  CHECK_FALSE(f.subscriber.live);
  REQUIRE(f.storage.deliver_answer());
  CHECK(f.subscriber.live);
  CHECK(f.subscriber.caught_up);
  CHECK_FALSE(f.subscriber.subscription.recovered());
  CHECK(f.subscriber.subscription.position() == 1019);
  CHECK(f.subscriber.told.empty());
}

TEST_CASE("Messages announced while the backlog is read come behind it, once") {
  Fixture f;
  f.subscribe(1009);
  f.storage.deliver_announcement();
  f.storage.store("a", "seen by both");
  f.storage.execute_command();
  f.storage.store("a", "announced only");
  f.storage.settle();
  CHECK(f.has_run(1010, 1021));
  CHECK(f.subscriber.subscription.recovered());
  CHECK(f.held() == 0);
}

TEST_CASE("When more is announced than may be held, the backlog is read again and nothing is lost") {
  Fixture f;
  f.subscribe(1009);
  f.storage.deliver_announcement();
  f.storage.execute_command();
  for (int i = 0; i < 35; ++i) f.storage.store("a", "flood");
  while (f.storage.deliver_announcement()) {
  }
  CHECK(f.held() <= 10);
  f.storage.settle();
  CHECK(f.has_run(1010, 1054));
  CHECK(f.metrics.get(metrics::Counter::kHoldOverflows) > 0);
  CHECK(f.subscriber.caught_up);
  CHECK(f.held() == 0);
}

TEST_CASE("A congested subscriber is not given more than it can take, and gets all of it in the end") {
  Fixture f;
  f.subscriber.is_congested = true;
  f.subscribe(0);
  f.storage.settle();
  CHECK(f.subscriber.ids().size() == 1);  // the one that showed that it is full
  for (int i = 0; i < 30; ++i) f.storage.store("a", "meanwhile");
  f.storage.settle();
  CHECK(f.subscriber.ids().size() == 1);
  f.subscriber.is_congested = false;
  f.hub.continue_replay(f.subscriber.subscription);
  f.storage.settle();
  f.hub.continue_replay(f.subscriber.subscription);
  f.storage.settle();
  CHECK(f.has_run(1000, 1049));
}

TEST_CASE("A store that refuses the watch or the first read is told, before anything was promised") {
  for (const int n : {0, 1}) {
    Fixture f;
    f.storage.fail_in(n);
    f.subscribe(1009);
    f.storage.settle();
    CHECK(f.subscriber.failed);
    CHECK_FALSE(f.subscriber.live);
    CHECK_FALSE(f.subscriber.subscription.active());
    CHECK(f.hub.topics().size() == 0);
    CHECK(f.storage.watched().empty());
  }
}

TEST_CASE("While it catches up it is told of ephemeral messages that will not come, in their place") {
  Fixture f;
  f.subscribe(1014);
  f.hub.on_skipped({ChannelName::copy_of("a"), 7, 9, 3});  // nothing was promised yet
  f.storage.deliver_announcement();
  f.storage.execute_command();
  const MessageId before = f.storage.store("a", "before", false);
  while (f.storage.deliver_announcement()) {
  }
  f.hub.on_skipped({ChannelName::copy_of("a"), 1021, 1023, 3});
  f.hub.on_skipped({ChannelName::copy_of("b"), 1021, 1021, 1});
  f.storage.settle();
  REQUIRE(f.subscriber.told.size() == 7);  // 1015 to 1019, the one before, the gap
  CHECK(f.subscriber.told[5].id == before);
  CHECK(f.subscriber.told[6].gap);
  CHECK(f.subscriber.told[6].id == 1020);
  CHECK(f.subscriber.told[6].first == 1024);
  CHECK(f.metrics.get(metrics::Counter::kMessagesDroppedInboxFull) == 3);
  CHECK(f.held() == 0);
}

TEST_CASE("Of ephemeral messages beyond what may be held one gap remains, and what is kept comes once") {
  Fixture f;
  f.subscribe(1009);
  f.storage.deliver_announcement();
  f.storage.execute_command();
  std::vector<MessageId> kept;
  for (int i = 0; i < 36; ++i) {
    const MessageId id = f.storage.store("a", "flood", i % 3 == 0);
    if (i % 3 == 0) kept.push_back(id);
  }
  while (f.storage.deliver_announcement()) {
  }
  CHECK(f.held() <= 11);
  f.storage.settle();
  CHECK(f.subscriber.gaps() == 1);
  std::vector<MessageId> got;
  for (const RecordingSubscriber::Told& one : f.subscriber.told) {
    if (one.gap) {
      CHECK(one.id == 1020);  // 1020 is kept
      CHECK(one.first > 1040);
    } else if (one.id >= 1020 && std::count(kept.begin(), kept.end(), one.id) == 1) {
      got.push_back(one.id);
    }
  }
  CHECK(got == kept);
  CHECK(f.held() == 0);
}

// The link is cut after every possible number of steps, and comes back.
TEST_CASE("Cut off at any step, it is whole once the link is back") {
  for (int steps = 0; steps < 40; ++steps) {
    Fixture f;
    f.subscribe(1004);
    for (int i = 0; i < steps; ++i) {
      if (i % 3 == 0) f.storage.store("a", "during");
      if (!f.storage.deliver_announcement() && !f.storage.execute_command()) f.storage.deliver_answer();
    }
    f.storage.cut();
    f.storage.store("a", "while it was down");
    f.storage.settle();
    f.storage.store("a", "still down");
    f.storage.restore();
    f.storage.settle();
    f.hub.tick();
    f.storage.store("a", "after");
    f.storage.settle();
    INFO("cut after " << steps << " steps");
    if (f.subscriber.failed) {
      CHECK_FALSE(f.subscriber.live);  // it was told that it will not be: it may come again
      continue;
    }
    REQUIRE(f.has_run(1005, f.storage.last()));
    REQUIRE(f.subscriber.gaps() == 0);
  }
}

TEST_CASE("A subscription that leaves at any step is not touched again") {
  for (int steps = 0; steps < 12; ++steps) {
    Fixture f;
    auto leaving = std::make_unique<RecordingSubscriber>();
    f.hub.subscribe(leaving->subscription, request_for({"a", "b", "c"}, 0));
    for (int i = 0; i < steps; ++i) {
      if (!f.storage.deliver_announcement() && !f.storage.execute_command()) f.storage.deliver_answer();
    }
    f.storage.store("a", "held");
    leaving.reset();
    f.storage.settle();  // a sanitizer sees who is touched
    f.hub.tick();
    CHECK(f.hub.topics().size() == 0);
    CHECK(f.storage.watched().empty());
    CHECK(f.held() == 0);
  }
}

TEST_CASE("What was trimmed is told before the first message behind it, and it did not recover") {
  Fixture f;
  f.storage.trim("a", 5);
  f.subscribe(1003);
  f.storage.settle();
  REQUIRE(f.subscriber.told.size() == 6);
  CHECK(f.subscriber.told[0].gap);
  CHECK(f.subscriber.told[0].id == 1003);
  CHECK(f.subscriber.told[0].first == 1015);
  CHECK_FALSE(f.subscriber.subscription.recovered());
}

// The link is cut after every possible number of steps, and comes back.
TEST_CASE("A cursor of a lost life gets what its client never saw, after a gap, wherever it is cut off") {
  for (int steps = 0; steps < 40; ++steps) {
    Fixture f;
    f.storage.fork(1009);
    const MessageId first = f.storage.store("a", "of the new life");
    f.subscribe(1014);
    for (int i = 0; i < steps; ++i) {
      if (i % 3 == 0) f.storage.store("a", "during");
      if (!f.storage.deliver_announcement() && !f.storage.execute_command()) f.storage.deliver_answer();
    }
    f.storage.cut();
    f.storage.settle();
    f.storage.restore();
    f.storage.settle();
    f.hub.tick();
    f.storage.settle();
    INFO("cut after " << steps << " steps");
    if (f.subscriber.failed) continue;
    REQUIRE(f.subscriber.told.front().gap);
    REQUIRE(f.subscriber.told.front().id == 1009);
    REQUIRE(f.subscriber.told.front().first == first);
    const std::vector<MessageId> ids = f.subscriber.ids();
    REQUIRE(ids.size() == 10 + f.storage.last() - first + 1);  // 1010 to 1019, and all of the new life
    REQUIRE(ids.front() == 1010);
    REQUIRE(ids.back() == f.storage.last());
    CHECK_FALSE(f.subscriber.subscription.recovered());
  }
}

// The other store is taken after every possible number of steps of the resume.
TEST_CASE("While it resumes the store goes over to another life: it goes back to where both agree") {
  for (int steps = 0; steps < 40; ++steps) {
    Fixture f;
    const MessageId common = f.storage.last();
    for (int i = 0; i < 600; ++i) f.storage.store("a", "lost");  // several pages
    f.subscribe(1009);
    for (int i = 0; i < steps; ++i) {
      if (!f.storage.deliver_announcement() && !f.storage.execute_command()) f.storage.deliver_answer();
    }
    f.storage.cut_but_reads();
    const MessageId seen = f.storage.last();
    f.storage.lose_end(common);
    const MessageId other = f.storage.store("a", "by whoever was at the new store before");
    REQUIRE(other < seen);
    f.storage.fork(common);
    while (f.storage.last() <= seen) f.storage.fork(common);
    f.hub.on_forgotten(common);
    f.storage.restore();
    f.storage.settle();
    f.hub.tick();
    f.storage.settle();
    const MessageId next = f.storage.store("a", "next");
    f.storage.settle();
    INFO("after " << steps << " steps");
    if (f.subscriber.failed) continue;
    const std::vector<MessageId> ids = f.subscriber.ids();
    REQUIRE(ids.size() >= 2);
    REQUIRE(ids[ids.size() - 2] == other);
    REQUIRE(ids.back() == next);
    REQUIRE(f.subscriber.gaps() > 0);
    REQUIRE(f.held() == 0);
  }
}
