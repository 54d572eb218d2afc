#include "contracts/storage_contract.hpp"

#include <algorithm>
#include <atomic>
#include <set>

#include "support/catch.hpp"

namespace relay::test {
namespace {

using hub::ChannelOptions;
using Kind = Event::Kind;

struct Two {
  explicit Two(Backend& backend) : a(0, backend.maker()), b(1, backend.maker()) {
    a.start();
    b.start();
    REQUIRE(a.await_up());
    REQUIRE(b.await_up());
  }
  // This name, or one made of it, in the partition of "room:1": only there ids are one order.
  std::string beside(std::string channel) {
    const hub::Store& store = a.store();
    const auto is_beside = [&](const std::string& name) {
      return store.partition_of(name) == store.partition_of("room:1");
    };
    std::string name = channel;
    for (int i = 0; !is_beside(name); ++i) name = channel + '.' + std::to_string(i);
    return name;
  }
  Member a, b;
};

std::vector<MessageId> publish_many(Member& member, int count, Publish publish = {}) {
  std::vector<std::future<Result<hub::Appended>>> answers;
  for (int i = 0; i < count; ++i) {
    publish.data = std::to_string(i);
    answers.push_back(member.append_later(publish));
  }
  std::vector<MessageId> ids;
  for (auto& answer : answers) {
    const auto stored = await_answer(std::move(answer), "append");
    REQUIRE(stored.has_value());
    ids.push_back(stored->id);
  }
  return ids;
}

ChannelOptions at_most(std::uint32_t count) {
  ChannelOptions keep;
  keep.max_count = count;
  return keep;
}

void ids_increase(Two& two) {
  std::vector<MessageId> all;
  std::thread other([&] { all = publish_many(two.b, 1000, {.channel = two.beside("room:2")}); });
  const auto mine = publish_many(two.a, 1000);
  other.join();
  CHECK(is_ascending(mine));
  CHECK(is_ascending(all));
  all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  CHECK(is_ascending(all));  // none was given twice
  CHECK(all.back() <= kMaxId);
}

void ids_survive_the_clock(Two& two, Backend& backend) {
  const MessageId before = two.a.publish({});
  backend.set_clock_back(Milliseconds{3'600'000});
  const auto after = publish_many(two.b, 100);
  CHECK(is_ascending(after));
  CHECK(after.front() > before);
}

void loops_hear_the_same(Two& two) {
  const std::string beside = two.beside("room:2");
  for (const std::string& channel : {std::string("room:1"), beside}) {
    REQUIRE(two.a.watch(channel).has_value());
    REQUIRE(two.b.watch(channel).has_value());
  }
  std::thread other([&] { publish_many(two.b, 500, {.channel = beside}); });
  publish_many(two.a, 500);
  other.join();
  REQUIRE(two.a.heard().await_count(Kind::kAnnounced, 1000));
  REQUIRE(two.b.heard().await_count(Kind::kAnnounced, 1000));
  const auto heard = ids_of(two.a.heard().announced());
  CHECK(is_ascending(heard));
  CHECK(heard == ids_of(two.b.heard().announced()));
}

// Whatever is stored before, while or after a watch is made is read, announced, or both.
void watch_then_read_is_complete(Two& two) {
  const Publish publish{.keep = at_most(100'000)};
  std::vector<MessageId> published;
  std::atomic<int> stored{0};
  std::atomic<bool> has_read{false};
  // Goes on until the page is read, and a round further: the watch is made in the midst, however fast the
  // store.
  std::thread publisher([&] {
    for (bool last = false; !last;) {
      last = has_read;
      for (const MessageId id : publish_many(two.a, 50, publish)) published.push_back(id);
      stored += 50;
    }
  });
  while (stored < 500) std::this_thread::yield();
  REQUIRE(two.b.watch("room:1").has_value());
  const auto page = two.b.page("room:1");
  has_read = true;
  publisher.join();
  REQUIRE(two.b.heard().await([&](const auto& events) {
    return !events.empty() && events.back().message && events.back().message->id() == published.back();
  }));
  CHECK(page.messages.size() < published.size());  // it was in the midst of them
  const auto read = ids_of(page.messages);
  const auto heard = ids_of(two.b.heard().announced());
  std::set<MessageId> seen(read.begin(), read.end());
  seen.insert(heard.begin(), heard.end());
  CHECK(std::vector<MessageId>(seen.begin(), seen.end()) == published);
}

void unwatched_is_silent(Two& two) {
  const std::string beside = two.beside("room:2");
  REQUIRE(two.b.watch("room:1").has_value());
  REQUIRE(two.b.watch(beside).has_value());
  two.b.unwatch("room:1");
  two.b.unwatch("never:watched");
  two.a.publish({.channel = "room:1"});
  const MessageId last = two.a.publish({.channel = beside});
  REQUIRE(two.b.heard().await_count(Kind::kAnnounced, 1));
  CHECK(ids_of(two.b.heard().announced()) == std::vector<MessageId>{last});

  REQUIRE(two.b.watch("room:1").has_value());
  const MessageId again = two.a.publish({.channel = "room:1"});
  REQUIRE(two.b.heard().await_count(Kind::kAnnounced, 2));
  CHECK(two.b.heard().announced().back()->id() == again);
}

// Within one turn: what was asked last is what counts, and the dropped callbacks stay silent.
void changes_of_mind_settle(Two& two) {
  std::atomic<int> dropped{0};
  auto last = std::make_shared<std::promise<Result<bool>>>();
  two.b.on_loop([&] {
    for (int i = 0; i < 5; ++i) {
      two.b.store().of("room:1").watch(name("room:1"),
                                       [&dropped, i](const Result<bool>&) { dropped += i < 5 ? 1 : 0; });
      two.b.store().of("room:1").unwatch(name("room:1"));
    }
    two.b.store().of("room:1").watch(name("room:1"),
                                     [last](Result<bool> answer) { last->set_value(std::move(answer)); });
  });
  REQUIRE(await_answer(last->get_future(), "the last watch").has_value());
  const int early = dropped;  // memory answers before the call returns; a store with a link has none to give
  const MessageId id = two.a.publish({});
  REQUIRE(two.b.heard().await_count(Kind::kAnnounced, 1));
  CHECK(ids_of(two.b.heard().announced()) == std::vector<MessageId>{id});
  CHECK(dropped == early);
}

void count_is_bounded(Two& two) {
  const auto ids = publish_many(two.a, 200, {.keep = at_most(20)});
  const auto page = two.b.page("room:1");
  const auto kept = ids_of(page.messages);
  CHECK(kept.size() >= 20);
  CHECK(kept.size() <= 20 + 8);
  CHECK(std::equal(kept.rbegin(), kept.rend(), ids.rbegin()));  // the newest, whole
  const MessageId newest_gone = ids[ids.size() - kept.size() - 1];
  CHECK(page.gone == newest_gone);
  CHECK(two.b.page("room:1", ids.front()).gone == newest_gone);
  CHECK(two.b.page("room:1", newest_gone).gone <= newest_gone);
  CHECK(two.b.page("room:1", kept.front()).gone <= kept.front());
}

void one_is_kept_of_one(Two& two) {
  const auto ids = publish_many(two.a, 30, {.keep = at_most(1)});
  const auto page = two.b.page("room:1");
  REQUIRE(!page.messages.empty());
  CHECK(page.messages.back()->id() == ids.back());
  CHECK(page.gone < ids.back());
}

void count_may_change(Two& two) {
  std::vector<MessageId> ids;
  const auto add = [&](int count, std::uint32_t bound) {
    for (const MessageId id : publish_many(two.a, count, {.keep = at_most(bound)})) ids.push_back(id);
    const auto kept = ids_of(two.b.page("room:1").messages);
    REQUIRE(kept.size() <= ids.size());
    CHECK(std::equal(kept.rbegin(), kept.rend(), ids.rbegin()));
    return kept.size();
  };
  CHECK(add(300, 1000) == 300);
  const std::size_t left = add(1, 1);
  CHECK(left >= 1);
  CHECK(left <= 1 + 8);
  CHECK(add(49, 1000) == left + 49);
  CHECK(add(400, 1000) == left + 449);
}

void bytes_are_bounded(Two& two) {
  ChannelOptions keep;
  keep.max_bytes = 20'000;
  MessageId last = 0;
  for (int i = 0; i < 50; ++i) last = two.a.publish({.data = std::string(1'000, 'x'), .keep = keep});
  const auto page = two.b.page("room:1");
  std::size_t bytes = 0;
  for (const auto& message : page.messages) bytes += message->data().size();
  CHECK(bytes <= 20'000);
  CHECK(bytes >= 15'000);
  REQUIRE(!page.messages.empty());
  CHECK(page.messages.back()->id() == last);
  CHECK(page.gone < page.messages.front()->id());
  CHECK(page.gone > 0);
}

void age_is_bounded(Two& two) {
  const MessageId first = two.a.publish({.ttl_ms = 60'000});
  const MessageId brief = two.a.publish({.ttl_ms = 30});
  const MessageId third = two.a.publish({.ttl_ms = 60'000});
  hub::Page page;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  do {
    page = two.b.page("room:1");
  } while (page.messages.size() == 3 && std::chrono::steady_clock::now() < until);
  CHECK(ids_of(page.messages) == std::vector<MessageId>{first, third});
  CHECK(page.gone == brief);
  CHECK(two.b.page("room:1", brief).gone <= brief);
}

// The expired do not count against the limit of a page, however many there are.
void expired_fill_no_page(Two& two) {
  publish_many(two.a, 50, {.ttl_ms = 1});
  const auto lasting = publish_many(two.a, 5);
  hub::Page page;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  do {
    page = two.b.page("room:1", 0, 3);
  } while (ids_of(page.messages).front() < lasting.front() && std::chrono::steady_clock::now() < until);
  CHECK(ids_of(page.messages) == std::vector<MessageId>(lasting.begin(), lasting.begin() + 3));
  CHECK(page.more);
}

void ephemeral_is_live_only(Two& two) {
  REQUIRE(two.b.watch("room:1").has_value());
  const MessageId kept = two.a.publish({});
  const MessageId fleeting = two.a.publish({.ttl_ms = 0});
  CHECK(fleeting > kept);
  REQUIRE(two.b.heard().await_count(Kind::kAnnounced, 2));
  CHECK(two.b.heard().announced().back()->id() == fleeting);
  const auto page = two.b.page("room:1", kept);
  CHECK(page.messages.empty());
  CHECK(page.gone <= kept);
}

void repeats_are_known(Two& two) {
  REQUIRE(two.b.watch("room:1").has_value());
  const std::uint32_t ttl = GENERATE(60'000U, 0U);
  const Publish publish{.ttl_ms = ttl, .key = "order 66 \xc3\xa9"};
  const auto first = two.a.append(publish);
  const auto second = two.b.append(publish);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(!first->repeated);
  CHECK(second->repeated);
  CHECK(second->id == first->id);

  const auto other = two.b.append({.data = "something else", .ttl_ms = ttl, .key = publish.key});
  REQUIRE(other.has_error());
  CHECK(other.error().kind == ErrorKind::kConflict);
  // A key belongs to a channel.
  const auto elsewhere = two.b.append({.channel = "room:2", .ttl_ms = ttl, .key = publish.key});
  REQUIRE(elsewhere.has_value());
  CHECK(!elsewhere->repeated);

  const MessageId last = two.a.publish({});
  REQUIRE(two.b.heard().await(
      [&](const auto& events) { return !events.empty() && events.back().message->id() == last; }));
  CHECK(ids_of(two.b.heard().announced()) == std::vector<MessageId>{first->id, last});
}

// The key races with itself: one is stored, all others repeat it.
void repeats_at_once_store_one(Two& two) {
  std::vector<std::future<Result<hub::Appended>>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back((i % 2 == 0 ? two.a : two.b).append_later({.key = "k"}));
  int fresh = 0;
  std::set<MessageId> ids;
  for (auto& answer : answers) {
    const auto stored = await_answer(std::move(answer), "append");
    REQUIRE(stored.has_value());
    fresh += stored->repeated ? 0 : 1;
    ids.insert(stored->id);
  }
  CHECK(fresh == 1);
  CHECK(ids.size() == 1);
  CHECK(two.a.page("room:1").messages.size() == 1);
}

void pages_follow_each_other(Two& two) {
  const auto ids = publish_many(two.a, 25);
  std::vector<MessageId> read;
  MessageId cursor = 0;
  for (int pages = 1;; ++pages) {
    const auto page = two.b.page("room:1", cursor, 10);
    for (const auto& message : page.messages) read.push_back(message->id());
    if (!page.more) {
      CHECK(pages == 3);
      break;
    }
    REQUIRE(page.messages.size() == 10);
    cursor = read.back();
  }
  CHECK(read == ids);
  CHECK(!two.b.page("room:1", 0, 25).more);
  CHECK(two.b.page("room:1", 0, 24).more);
  CHECK(two.b.page("room:1", ids.back()).messages.empty());
  CHECK(two.b.page("room:1", ids.back()).gone <= ids.back());
}

void queries_are_answered_in_order(Two& two) {
  std::vector<MessageId> ids;
  std::vector<hub::ReadQuery> queries;
  for (int i = 0; i < 300; ++i) {
    const std::string channel = two.beside("many:" + std::to_string(i));
    ids.push_back(two.a.publish({.channel = channel}));
    queries.push_back(query(channel));
  }
  const auto answer = two.b.read(queries);
  REQUIRE(answer.has_value());
  REQUIRE(answer->pages.size() == 300);
  for (std::size_t i = 0; i < 300; ++i)
    CHECK(ids_of(answer->pages[i].messages) == std::vector<MessageId>{ids[i]});
  CHECK(answer->epoch <= ids.front());
  CHECK(answer->last == ids.back());

  if (two.b.store().partitions() > 1) return;
  const auto bounds = two.b.read({});
  REQUIRE(bounds.has_value());
  CHECK(bounds->pages.empty());
  CHECK(bounds->epoch == answer->epoch);
  CHECK(bounds->last == ids.back());
}

void nothing_is_a_page_too(Two& two) {
  const auto answer = two.a.read({query("never:used")});
  REQUIRE(answer.has_value());
  CHECK(answer->pages.at(0).messages.empty());
  CHECK(!answer->pages.at(0).more);
  CHECK(answer->epoch > 0);
  CHECK(answer->last + 1 >= answer->epoch);
  // A cursor of this very moment has missed nothing there.
  CHECK(two.a.page("never:used", answer->last).gone <= answer->last);
}

void messages_arrive_whole(Two& two) {
  REQUIRE(two.b.watch("room:1").has_value());
  Publish publish;
  publish.data = std::string("line\r\n\0$5\r\n!7 3\n", 16) + std::string(70'000, '\xff');
  publish.more.event = "odd event";
  publish.more.is_json = true;
  publish.more.from = "client 1";
  publish.more.exclude = {"a", "", "with space", "12:3", "x\ny"};
  publish.more.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const MessageId id = two.a.publish(publish);
  REQUIRE(two.b.heard().await_count(Kind::kAnnounced, 1));
  const auto page = two.b.page("room:1");
  REQUIRE(page.messages.size() == 1);
  for (const hub::MessagePtr& message : {page.messages[0], two.b.heard().announced()[0]}) {
    CHECK(message->id() == id);
    CHECK(message->channel() == "room:1");
    CHECK(message->data() == publish.data);
    CHECK(message->ttl_ms() == publish.ttl_ms);
    CHECK(message->event() == publish.more.event);
    CHECK(message->is_json());
    CHECK(message->from() == publish.more.from);
    CHECK(std::ranges::equal(message->exclude(), publish.more.exclude));
    CHECK(message->trace() == publish.more.trace);
  }
}

}  // namespace

void check_storage_contract(const std::function<std::unique_ptr<Backend>()>& make_backend) {
  const auto backend = make_backend();
  Two two(*backend);
  SECTION("ids increase strictly, whoever appends") {
    ids_increase(two);
  }
  SECTION("ids increase though the clock was set back") {
    ids_survive_the_clock(two, *backend);
  }
  SECTION("all loops hear the same, in id order") {
    loops_hear_the_same(two);
  }
  SECTION("a watch and then a read miss nothing") {
    watch_then_read_is_complete(two);
  }
  SECTION("an unwatched channel is silent and can be watched again") {
    unwatched_is_silent(two);
  }
  SECTION("watch and unwatch within a turn settle on the last") {
    changes_of_mind_settle(two);
  }
  SECTION("a backlog is bounded by count, and says what is gone") {
    count_is_bounded(two);
  }
  SECTION("a bound that changes cuts the backlog at once, or lets it grow again") {
    count_may_change(two);
  }
  SECTION("a backlog of one keeps the newest") {
    one_is_kept_of_one(two);
  }
  SECTION("a backlog is bounded by bytes") {
    bytes_are_bounded(two);
  }
  SECTION("a message expires by its own ttl, and is said to be gone") {
    age_is_bounded(two);
  }
  SECTION("expired messages do not fill a page") {
    expired_fill_no_page(two);
  }
  SECTION("an ephemeral message is announced and not kept") {
    ephemeral_is_live_only(two);
  }
  SECTION("an idempotency key repeats the first answer or conflicts") {
    repeats_are_known(two);
  }
  SECTION("an idempotency key that races with itself stores once") {
    repeats_at_once_store_one(two);
  }
  SECTION("pages follow each other to the end") {
    pages_follow_each_other(two);
  }
  SECTION("queries are answered in order, with epoch and last") {
    queries_are_answered_in_order(two);
  }
  SECTION("an unused channel has an empty page") {
    nothing_is_a_page_too(two);
  }
  SECTION("a message arrives whole, whatever its bytes") {
    messages_arrive_whole(two);
  }
}

}  // namespace relay::test
