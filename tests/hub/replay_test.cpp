#include "hub/replay.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/fake_storage.hpp"

using namespace relay;
using namespace relay::hub;
using relay::test::FakeStorage;

namespace {

struct NoEvents final : StorageEvents {
  void on_announced(DeliveryPtr) override {}
  void on_interrupted() override {}
  void on_restored() override {}
};

// A replay and everything it said.
struct Fixture {
  NoEvents events;
  FakeStorage storage{events};
  std::vector<MessageId> ids;
  std::vector<Gap> gaps;
  int done = 0;
  int failed = 0;
  MessageId last = 0;
  std::size_t stop_after = 0;  // on_message says false at this count
  Replay replay{storage,
                {.on_message =
                     [this](const MessagePtr& message) {
                       ids.push_back(message->id());
                       return ids.size() != stop_after;
                     },
                 .on_gap = [this](const Gap& gap) { gaps.push_back(gap); },
                 .on_done =
                     [this](MessageId newest) {
                       ++done;
                       last = newest;
                     },
                 .on_failed = [this](const Error&) { ++failed; }}};

  void start(int channels, MessageId after, bool tell_gaps = true) {
    std::vector<Replay::Source> sources;
    for (int i = 0; i < channels; ++i) {
      sources.push_back({ChannelName::copy_of("c" + std::to_string(i)), Milliseconds(60'000)});
    }
    replay.start(std::move(sources), after, tell_gaps);
  }
  void fill(int channels, int messages) {
    for (int i = 0; i < messages; ++i) storage.store("c" + std::to_string((i * 7919) % channels), "x");
  }
  bool is_run(MessageId from, std::size_t count) const {
    if (ids.size() != count) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (ids[i] != from + i) return false;
    }
    return true;
  }
};

}  // namespace

TEST_CASE("Many channels come out as one stream in id order, page by page") {
  const int channels = GENERATE(1, 2, 60, 255, 1000, 1500);
  Fixture f;
  f.fill(channels, 5000);
  f.start(channels, 0);
  f.storage.settle();
  CHECK(f.is_run(1000, 5000));
  CHECK(f.done == 1);
  CHECK(f.last == f.storage.last());
  CHECK(f.gaps.empty());
  CHECK(f.storage.reads() < 2000);
}

TEST_CASE("Nothing at or below the cursor comes, everything above does") {
  Fixture f;
  f.fill(3, 100);
  f.start(3, 1049);
  f.storage.settle();
  CHECK(f.is_run(1050, 50));
}

TEST_CASE("It ends at the newest id of its beginning, whatever is stored while it reads") {
  Fixture f;
  f.fill(600, 2000);
  f.start(600, 0);
  const MessageId newest = f.storage.last();
  REQUIRE(f.storage.execute_command());
  while (f.done == 0) {
    f.fill(600, 50);
    if (!f.storage.execute_command() && !f.storage.deliver_answer()) break;
    f.storage.deliver_answer();
  }
  CHECK(f.done == 1);
  CHECK(f.last == newest);
  CHECK(f.is_run(1000, 2000));
}

TEST_CASE("A sink that says no is given more when asked, exactly where it stopped") {
  Fixture f;
  f.fill(2, 30);
  f.stop_after = 10;
  f.start(2, 0);
  f.storage.settle();
  CHECK(f.ids.size() == 10);
  CHECK(f.done == 0);
  f.replay.pump();
  f.storage.settle();
  CHECK(f.is_run(1000, 30));
  CHECK(f.done == 1);
}

TEST_CASE("What is gone is told once a channel, before what follows it") {
  Fixture f;
  f.fill(1, 100);
  f.storage.trim("c0", 10);
  f.start(1, 1020);
  f.storage.settle();
  REQUIRE(f.gaps.size() == 1);
  CHECK(f.gaps[0].after == 1020);
  CHECK(f.gaps[0].first == 1090);
  CHECK(f.gaps[0].gone == 1089);
  CHECK(f.ids.front() == 1090);
}

TEST_CASE("No gap where nothing is missing: at its edge, at the beginning, when not wanted") {
  Fixture f;
  f.fill(1, 100);
  f.storage.trim("c0", 10);
  SECTION("the last one gone is the cursor") {
    f.start(1, 1089);
  }
  SECTION("everything kept is asked for") {
    f.start(1, 0);
  }
  SECTION("gaps are not to be told") {
    f.start(1, 1020, false);
  }
  SECTION("the cursor is the newest") {
    f.start(1, 1099);
  }
  f.storage.settle();
  CHECK(f.gaps.empty());
  CHECK(f.done == 1);
}

TEST_CASE(
    "A cursor of a former life of the data is told for each channel, and reading begins at the new one") {
  Fixture f;
  f.fill(3, 10);
  const MessageId old = f.storage.last();
  f.storage.lose_everything();
  f.storage.store("c0", "new");
  f.start(3, old);
  f.storage.settle();
  CHECK(f.gaps.size() == 3);
  CHECK(f.ids == std::vector<MessageId>{f.storage.last()});
}

TEST_CASE("A cursor of a lost life goes back to where that life and this one part") {
  const int channels = GENERATE(1, 3, 1000);
  Fixture f;
  f.fill(channels, 30);
  f.storage.fork(1009);  // the cursor's life had 1010 to 1020 too, but others
  f.storage.store("c0", "of the new life");
  const MessageId epoch = f.storage.last();
  f.replay.start_from(Replay::Origin::kCursor);
  SECTION("beyond that place") {
    f.start(channels, 1020);
    f.storage.settle();
    REQUIRE(f.gaps.size() == static_cast<std::size_t>(channels));
    CHECK(f.gaps[0].after == 1009);
    CHECK(f.gaps[0].first == epoch);
    f.ids.pop_back();
    CHECK(f.is_run(1010, 20));
  }
  SECTION("before it") {
    f.start(channels, 1004);
    f.storage.settle();
    CHECK(f.gaps[0].after == 1004);
    f.ids.pop_back();
    CHECK(f.is_run(1005, 25));
  }
  SECTION("where the client is told the place alone") {
    f.replay.start_from(Replay::Origin::kPage);
    f.start(channels, 1020);
    f.storage.settle();
    CHECK(f.gaps[0].after == 1009);
    f.ids.pop_back();
    CHECK(f.is_run(1021, 9));
  }
  SECTION("where it is this loop's own") {
    f.replay.start_from(Replay::Origin::kOwn);
    f.start(channels, 1020);
    f.storage.settle();
    CHECK(f.gaps[0].after == 1020);
    f.ids.pop_back();
    CHECK(f.is_run(1021, 9));
  }
  CHECK(f.done == 1);
}

TEST_CASE("A cursor of a life before the one before goes back to the lower of both places") {
  Fixture f;
  f.fill(1, 30);
  f.storage.fork(1009);
  f.fill(1, 10);
  const MessageId between = f.storage.last();
  f.storage.fork(between - 5);
  f.replay.start_from(Replay::Origin::kCursor);
  f.start(1, between);
  f.storage.settle();
  CHECK(f.is_run(between - 4, 5));
  f.ids.clear();
  f.start(1, 1020);
  f.storage.settle();
  CHECK(f.gaps.back().after == 1009);
  CHECK(f.ids.size() == 30);
}

TEST_CASE("A cursor from an end that a former server may have lost is told, in the same life") {
  Fixture f;
  f.fill(1, 30);
  const MessageId kept = f.storage.last();
  f.storage.go_on_above(kept);
  const MessageId next = f.storage.last();
  f.fill(1, 5);
  f.ids.clear();
  SECTION("of a client that goes back") {
    f.replay.start_from(Replay::Origin::kCursor);
  }
  SECTION("of a client that is told") {
    f.replay.start_from(Replay::Origin::kPage);
  }
  f.start(1, kept + 7);
  f.storage.settle();
  REQUIRE(f.gaps.size() == 1);
  CHECK(f.gaps[0].after == kept);
  CHECK(f.gaps[0].first == next);
  CHECK(f.ids.size() == 5);
}

TEST_CASE("Where a former server lost nothing, nobody is told") {
  Fixture f;
  f.fill(1, 30);
  const MessageId kept = f.storage.last();
  f.storage.go_on_above(kept);
  const MessageId next = f.storage.last();
  f.fill(1, 5);
  f.replay.start_from(Replay::Origin::kCursor);
  const MessageId cursors[] = {kept, kept - 3, next};  // of this fixture: each has ids of its own
  f.start(1, cursors[GENERATE(0, 1, 2)]);
  f.storage.settle();
  CHECK(f.gaps.empty());
  CHECK(f.done == 1);
}

TEST_CASE("The cursor of an empty store is no loss") {
  Fixture f;
  f.start(1, f.storage.last());
  f.storage.settle();
  CHECK(f.gaps.empty());
  CHECK(f.done == 1);
}

TEST_CASE("A cursor beyond the newest id is told, and ids may go on below it") {
  Fixture f;
  f.fill(1, 10);
  f.start(1, 5000);
  f.storage.settle();
  REQUIRE(f.gaps.size() == 1);
  CHECK(f.gaps[0].first == f.storage.last() + 1);
  CHECK(f.replay.position() == f.storage.last());
}

TEST_CASE("Without channels it still learns the newest id") {
  Fixture f;
  f.fill(1, 5);
  f.start(0, 0);
  f.storage.settle();
  CHECK(f.done == 1);
  CHECK(f.last == 1004);
}

TEST_CASE("Whichever read fails, it says so once, and a new start from its position completes the stream") {
  Fixture counted;
  counted.fill(100, 10000);
  counted.start(100, 0);
  counted.storage.settle();
  const int reads = counted.storage.operations();
  REQUIRE(reads > 3);
  for (int n = 0; n < reads; ++n) {
    Fixture f;
    f.fill(100, 10000);
    f.storage.fail_in(n);
    f.start(100, 0);
    f.storage.settle();
    REQUIRE(f.failed == 1);
    REQUIRE(f.done == 0);
    f.start(100, f.replay.position());
    f.storage.settle();
    REQUIRE(f.done == 1);
    REQUIRE(f.is_run(1000, 10000));
  }
}

TEST_CASE("Cancelled or started anew, it drops the answers still on their way") {
  Fixture f;
  f.fill(1, 10);
  f.start(1, 0);
  SECTION("cancelled") {
    f.replay.cancel();
    f.storage.settle();
    CHECK(f.ids.empty());
    CHECK(f.done == 0);
  }
  SECTION("started anew") {
    f.start(1, 1004);
    f.storage.settle();
    CHECK(f.is_run(1005, 5));
    CHECK(f.done == 1);
  }
}
