#include "storage/memory/memory_storage.hpp"

#include <atomic>
#include <future>

#include "contracts/storage_contract.hpp"
#include "support/catch.hpp"

namespace relay::test {
namespace {

class ShiftedClock final : public Clock {
 public:
  std::int64_t wall_ms() const override { return system_clock().wall_ms() + shift_ms_; }
  SteadyTime steady() const override { return system_clock().steady(); }
  void shift(Milliseconds by) { shift_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> shift_ms_{0};
};

constexpr std::size_t kSmallInbox = 64 * 1024;

class MemoryBackend final : public Backend {
 public:
  explicit MemoryBackend(std::size_t max_inbox_bytes = memory::kDefaultInboxBytes)
      : store_(std::make_shared<memory::MemoryStore>(clock_, max_inbox_bytes)) {}
  const memory::MemoryStore& store() const { return *store_; }
  MakeStorage maker() override {
    return [this](net::IoLoop& loop, metrics::LoopMetrics&) {
      return std::make_unique<memory::MemoryStorage>(loop, store_);
    };
  }
  void set_clock_back(Milliseconds by) override { clock_.shift(-by); }

 private:
  ShiftedClock clock_;
  std::shared_ptr<memory::MemoryStore> store_;
};

// Two loops; the first stands still until it is let go.
struct Standstill {
  Standstill() : slow(0, backend.maker()), quick(1, backend.maker()) {
    slow.start();
    quick.start();
    REQUIRE(slow.watch("kept:1").has_value());
    REQUIRE(slow.watch("brief:1").has_value());
    slow.post([until = gate.get_future().share()] { until.wait(); });
  }
  ~Standstill() {
    if (!open) let_go();
  }
  void let_go() {
    open = true;
    gate.set_value();
  }
  // Together far more than the inbox takes.
  std::vector<MessageId> publish(const char* channel, std::uint32_t ttl_ms, int count = 200) {
    std::vector<MessageId> ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back(quick.publish({.channel = channel, .data = std::string(1000, 'x'), .ttl_ms = ttl_ms}));
    }
    return ids;
  }

  MemoryBackend backend{kSmallInbox};
  Member slow, quick;
  std::promise<void> gate;
  bool open = false;
};

TEST_CASE("memory keeps the storage contract") {
  check_storage_contract([] { return std::make_unique<MemoryBackend>(); });
}

TEST_CASE("The appends of a turn are answered at its end, or when asked to settle, in their order") {
  MemoryBackend backend;
  Member member(0, backend.maker());
  member.start();
  REQUIRE(member.watch("room:1").has_value());
  std::vector<MessageId> answered;
  const auto append = [&](const std::function<void()>& then) {
    hub::AppendRequest request;
    request.draft.channel = name("room:1");
    request.draft.data = "hello";
    request.draft.ttl_ms = 60'000;
    member.store().partition(0).append(std::move(request), [&, then](const Result<hub::Appended>& stored) {
      answered.push_back(stored.value().id);
      then();
    });
  };
  const std::function<void()> nothing = [] {};
  member.on_loop([&] {
    append(nothing);
    append(nothing);
    CHECK(answered.empty());
    member.store().settle();
    CHECK(answered.size() == 2);
    append(nothing);
    CHECK(answered.size() == 2);
  });
  // What answers publish anew, more than are stored together.
  const std::function<void()> many = [&] {
    for (std::size_t i = 0; i < 3 * memory::kMostTogether; ++i) append(nothing);
    member.store().settle();  // from within an answer: nothing
  };
  member.on_loop([&] {
    for (std::size_t i = 0; i < 2 * memory::kMostTogether + 1; ++i) append(i == 0 ? many : nothing);
  });
  const std::size_t all = 3 + 5 * memory::kMostTogether + 1;
  REQUIRE(member.heard().await_count(Event::Kind::kAnnounced, all));
  member.on_loop([&] {
    CHECK(answered.size() == all);
    CHECK(is_ascending(answered));
  });
  CHECK(ids_of(member.heard().announced()) == answered);
}

TEST_CASE("A read or a watch comes behind the appends that the turn asked for before it") {
  MemoryBackend backend;
  Member member(0, backend.maker());
  Member other(1, backend.maker());
  member.start();
  other.start();
  MessageId stored = 0;
  const auto append = [&](std::string_view channel) {
    hub::AppendRequest request;
    request.draft.channel = name(channel);
    request.draft.data = "hello";
    request.draft.ttl_ms = 60'000;
    member.store().partition(0).append(
        std::move(request), [&](const Result<hub::Appended>& appended) { stored = appended.value().id; });
  };
  member.on_loop([&] {
    hub::Storage& storage = member.store().partition(0);
    std::vector<hub::MessagePtr> read;
    append("room:1");
    storage.read({query("room:1")},
                 [&](const Result<hub::ReadAnswer>& answer) { read = answer.value().pages[0].messages; });
    CHECK(read.size() == 1);
    CHECK(stored == 0);  // is not answered within another call
    append("room:2");
    storage.watch(name("room:2"), [](const Result<bool>&) {});
    CHECK(other.page("room:2").messages.size() == 1);
  });
  CHECK(member.page("room:2").messages.size() == 1);
  CHECK(member.heard().count(Event::Kind::kAnnounced) == 0);  // it was stored before the watch
  const MessageId next = other.publish({.channel = "room:2"});
  CHECK(next > stored);
  REQUIRE(member.heard().await_count(Event::Kind::kAnnounced, 1));
}

TEST_CASE("What a slow loop's inbox has no room for, and is kept, is an interruption that is over at once") {
  Standstill scene;
  const auto published = scene.publish("kept:1", 60'000);
  CHECK(scene.backend.store().totals().inboxes.bytes <= kSmallInbox);
  CHECK(scene.backend.store().totals().inboxes.overflows == 1);
  scene.let_go();
  REQUIRE(scene.slow.heard().await_count(Event::Kind::kRestored, 1));
  const auto events = scene.slow.heard().events();
  CHECK(events[events.size() - 2].kind == Event::Kind::kInterrupted);
  CHECK(scene.slow.heard().count(Event::Kind::kSkipped) == 0);
  // What it heard before, and what it reads after, is everything.
  auto all = ids_of(scene.slow.heard().announced());
  REQUIRE(!all.empty());
  CHECK(all.size() < published.size());
  for (const MessageId id : ids_of(scene.slow.page("kept:1", all.back()).messages)) all.push_back(id);
  CHECK(all == published);
  CHECK(scene.backend.store().totals().inboxes.bytes == 0);
  // And it hears again.
  const MessageId next = scene.quick.publish({.channel = "kept:1"});
  REQUIRE(scene.slow.heard().await(
      [&](const auto& heard) { return heard.back().message && heard.back().message->id() == next; }));
}

TEST_CASE("What a slow loop's inbox has no room for, and is ephemeral, is said to be skipped") {
  Standstill scene;
  const auto published = scene.publish("brief:1", 0);
  CHECK(scene.backend.store().totals().inboxes.bytes <= kSmallInbox);
  scene.let_go();
  REQUIRE(scene.slow.heard().await_count(Event::Kind::kSkipped, 1));
  const auto heard = ids_of(scene.slow.heard().announced());
  const auto last = scene.slow.heard().events().back();
  CHECK(last.skipped.channel.view() == "brief:1");
  CHECK(last.skipped.first == published[heard.size()]);
  CHECK(last.skipped.last == published.back());
  CHECK(last.skipped.count == published.size() - heard.size());
  CHECK(heard == std::vector<MessageId>(published.begin(),
                                        published.begin() + static_cast<std::ptrdiff_t>(heard.size())));
  CHECK(scene.slow.heard().count(Event::Kind::kInterrupted) == 0);  // nothing that is kept is missing
}

TEST_CASE("A message above the bound passes an empty inbox") {
  Standstill scene;
  const MessageId id = scene.quick.publish({.channel = "kept:1", .data = std::string(2 * kSmallInbox, 'x')});
  scene.let_go();
  REQUIRE(scene.slow.heard().await_count(Event::Kind::kAnnounced, 1));
  CHECK(ids_of(scene.slow.heard().announced()) == std::vector<MessageId>{id});
  CHECK(scene.backend.store().totals().inboxes.overflows == 0);
}

}  // namespace
}  // namespace relay::test
