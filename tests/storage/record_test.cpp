#include "storage/redis/record.hpp"

#include "support/catch.hpp"

namespace relay::redis {
namespace {

const hub::ChannelName kRoom = hub::ChannelName::copy_of("room:1");

hub::Draft full_draft() {
  hub::Draft draft;
  draft.channel = kRoom;
  draft.event = "e v";
  draft.data = std::string("d\n\0 1 2:3", 9);
  draft.is_json = true;
  draft.ttl_ms = 60'000;
  draft.from = "me";
  draft.exclude = {"a:b", "", "12:34"};
  draft.trace = "00-ab";
  return draft;
}

TEST_CASE("a record is drawn as its header says") {
  CHECK(encode_record_tail(full_draft()) ==
        " 60000 1 3 2 14 5\ne vme3:a:b0:5:12:3400-ab" + full_draft().data);
}

TEST_CASE("a record comes back as it was") {
  const hub::Draft draft = full_draft();
  const auto message = parse_record("7340032" + encode_record_tail(draft), kRoom);
  REQUIRE(message);
  CHECK(message->id() == 7340032);
  CHECK(message->channel_name().shares_block_with(kRoom));  // the same bytes, not a copy
  CHECK(message->event() == draft.event);
  CHECK(message->data() == draft.data);
  CHECK(message->is_json());
  CHECK(message->ttl_ms() == draft.ttl_ms);
  CHECK(message->from() == draft.from);
  CHECK(std::ranges::equal(message->exclude(), draft.exclude));
  CHECK(message->trace() == draft.trace);
  const auto head = parse_record_head("7340032" + encode_record_tail(draft));
  REQUIRE(head);
  CHECK(head->id == 7340032);
  CHECK(head->ttl_ms == 60'000);
}

// Data takes what is left, so a cut record is either refused or shorter by exactly what was cut.
TEST_CASE("a record that is cut is never read beyond its end") {
  const std::string record = "7340032" + encode_record_tail(full_draft());
  const std::size_t before_data = record.size() - full_draft().data.size();
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto message = parse_record(std::string(record, 0, size), kRoom);
    REQUIRE((message != nullptr) == (size >= before_data));
    if (message) CHECK(message->data() == full_draft().data.substr(0, size - before_data));
  }
}

TEST_CASE("what is not a record is refused") {
  for (const char* text :
       {"", "\n", "1", "1 2 3 4 5 6 7", "1 2 3 4 5 6\n", "-1 2 0 0 0 0 0\n", "1  2 0 0 0 0 0\n",
        "1 2 0 0 0 0 0 \n", "1 4294967296 0 0 0 0 0\n", "9007199254740992 1 0 0 0 0 0\n",
        "1 2 0 18446744073709551615 0 0 0\n", "1 2 0 99999999999999999999 0 0 0\n",
        "1 2 0 0 0 2 0\n9:", "1 2 0 0 0 3 0\n1x:", "!5"}) {
    INFO(text);
    CHECK(!parse_record(text, kRoom));
  }
  CHECK(parse_record("1 2 0 0 0 0 0\n", kRoom));
}

TEST_CASE("a marker is told from a record") {
  CHECK(parse_marker("!42") == 42);
  for (const char* text : {"", "!", "!x", "!-1", "42", "!42 "}) CHECK(!parse_marker(text));
}

}  // namespace
}  // namespace relay::redis
