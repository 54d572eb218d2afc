#include "storage/redis/read_batch.hpp"

#include "storage/redis/keyspace.hpp"
#include "storage/redis/record.hpp"
#include "support/catch.hpp"

namespace relay::redis {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;
constexpr MessageId kBase = first_id_at(kNow - 1'000);

std::string record(MessageId id, std::uint32_t ttl_ms = 60'000) {
  hub::Draft draft;
  draft.ttl_ms = ttl_ms;
  draft.data = "x";
  return std::to_string(id) + encode_record_tail(draft);
}

class Reading {
 public:
  Reading(MessageId after, std::uint32_t limit)
      : builder_([&] {
          hub::ReadQuery query;
          query.channel = hub::ChannelName::copy_of("room:1");
          query.after = after;
          query.limit = limit;
          return query;
        }()) {}

  // One round of the range.
  Reading& members(const std::vector<std::string>& texts) {
    std::string bytes = "*" + std::to_string(texts.size()) + "\r\n";
    for (const auto& text : texts) bytes += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    answer(bytes, [&](const wire::RespValue& value) { builder_.take(value, kNow); });
    return *this;
  }
  Reading& last(const std::string& bytes) {
    answer(bytes, [&](const wire::RespValue& value) { builder_.take_last(value, kNow); });
    return *this;
  }
  PageBuilder* operator->() { return &builder_; }

 private:
  template <class Take>
  void answer(const std::string& bytes, Take&& take) {
    wire::RespReader reader;
    REQUIRE(reader
                .feed(bytes,
                      [&](const wire::RespValue& value) {
                        take(value);
                        return true;
                      })
                .has_value());
  }
  PageBuilder builder_;
};

TEST_CASE("a marker behind the cursor is what is gone") {
  Reading reading(kBase, 10);
  reading.members({"!" + std::to_string(kBase + 5), record(kBase + 6)});
  REQUIRE(reading->complete());
  const auto page = reading->finish(0);
  CHECK(page.gone == kBase + 5);
  CHECK(page.messages.size() == 1);
  CHECK(!page.more);
}

TEST_CASE("a marker takes no place of a message") {
  Reading reading(kBase, 2);
  reading.members({"!" + std::to_string(kBase + 1), record(kBase + 2), record(kBase + 3), record(kBase + 4)});
  REQUIRE(reading->complete());
  const auto page = reading->finish(0);
  CHECK(page.messages.size() == 2);
  CHECK(page.more);
}

TEST_CASE("a round of expired messages asks for another") {
  Reading reading(kBase, 2);
  reading.members({record(kBase + 1, 1), record(kBase + 2, 1), record(kBase + 3, 1), record(kBase + 4, 1)});
  REQUIRE(!reading->complete());
  CHECK(reading->cursor() == kBase + 4);
  reading.members({record(kBase + 5), record(kBase + 6)});
  REQUIRE(reading->complete());
  const auto page = reading->finish(0);
  CHECK(page.messages.size() == 2);
  CHECK(!page.more);
  CHECK(page.gone == kBase + 4);
}

TEST_CASE("a round with more than fits is complete") {
  Reading reading(0, 1);
  reading.members({record(kBase + 1), record(kBase + 2, 1), record(kBase + 3)});
  REQUIRE(reading->complete());
  const auto page = reading->finish(0);
  CHECK(page.messages.size() == 1);
  CHECK(page.more);
}

TEST_CASE("an empty range asks for the channel's last id, unless all is wanted") {
  Reading all(0, 10);
  all.members({});
  CHECK(all->complete());
  Reading since(kBase, 10);
  since.members({});
  CHECK(!since->complete());
  CHECK(since->wants_last());
}

TEST_CASE("a last id before the cursor: nothing was missed") {
  Reading reading(kBase, 10);
  const std::string last = std::to_string(kBase);
  reading.members({}).last("$" + std::to_string(last.size()) + "\r\n" + last + "\r\n");
  REQUIRE(reading->complete());
  CHECK(reading->finish(0).gone <= kBase);
}

TEST_CASE("a last id behind the cursor: the log has gone, or a message came in between") {
  const std::string last = std::to_string(kBase + 9);
  const std::string bytes = "$" + std::to_string(last.size()) + "\r\n" + last + "\r\n";
  Reading gone(kBase, 10);
  gone.members({}).last(bytes);
  REQUIRE(!gone->complete());
  gone.members({});
  REQUIRE(gone->complete());
  CHECK(gone->finish(0).gone == kBase + 9);

  Reading come(kBase, 10);
  come.members({}).last(bytes).members({record(kBase + 9)});
  REQUIRE(come->complete());
  const auto page = come->finish(0);
  CHECK(page.messages.size() == 1);
  CHECK(page.gone <= kBase);
}

TEST_CASE("no last id: only an old cursor may have missed something") {
  Reading recent(kBase, 10);
  recent.members({}).last("$-1\r\n");
  REQUIRE(recent->complete());
  CHECK(recent->finish(0).gone <= kBase);
  const MessageId old = first_id_at(kNow - kRemembered.count() - 3'600'000);
  Reading ancient(old, 10);
  ancient.members({}).last("$-1\r\n");
  REQUIRE(ancient->complete());
  CHECK(ancient->finish(0).gone > old);
}

TEST_CASE("what is not a record is passed over, and does not stop the reading") {
  Reading reading(kBase, 3);
  reading.members({"junk", record(kBase + 1), "", record(kBase + 2)});
  REQUIRE(reading->complete());
  CHECK(reading->finish(0).messages.size() == 2);
}

}  // namespace
}  // namespace relay::redis
