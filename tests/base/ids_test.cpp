#include "base/ids.hpp"

#include <regex>
#include <set>

#include "support/catch.hpp"

using namespace relay;

TEST_CASE("ids ascend whatever the clock does") {
  const std::int64_t now = 1'795'233'906'789;
  MessageId last = 0;
  // Standing still, forward, an hour back, to 1970 and before it, and on.
  for (const std::int64_t wall_ms :
       {now, now, now + 1, now - 3'600'000, std::int64_t{0}, std::int64_t{-5}, now + 2}) {
    const MessageId id = next_id(wall_ms, last);
    CHECK(id > last);
    CHECK(id <= kMaxId);
    last = id;
  }
  CHECK(last == first_id_at(now + 2));
}

TEST_CASE("an id carries its time") {
  CHECK(next_id(1000, 0) == 1000 << 11);
  CHECK(next_id(1000, 1000 << 11) == (1000 << 11) + 1);
  CHECK(id_time_ms(next_id(1'795'233'906'789, 0)) == 1'795'233'906'789);
  CHECK(first_id_at(-1) == 0);
}

TEST_CASE("more than 2,048 messages in a millisecond borrow from the next") {
  MessageId last = first_id_at(1000);
  for (int i = 0; i < 2048; ++i) last = next_id(1000, last);
  CHECK(id_time_ms(last) == 1001);
  CHECK(next_id(1001, last) == last + 1);
}

TEST_CASE("ids are parsed strictly") {
  CHECK(parse_id("0") == MessageId{0});
  CHECK(parse_id("1") == MessageId{1});
  CHECK(parse_id("007") == MessageId{7});
  CHECK(parse_id("9007199254740991") == kMaxId);
  for (const char* bad :
       {"", "9007199254740992", "18446744073709551615", "18446744073709551616", "99999999999999999999999999",
        "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "a", "1a", "\n"}) {
    INFO(bad);
    CHECK_FALSE(parse_id(bad));
  }
  CHECK_FALSE(parse_id(std::string_view("1\0", 2)));
}

TEST_CASE("random hex") {
  CHECK(random_hex(0) == "");
  const std::string one = random_hex(32);
  CHECK(std::regex_match(one, std::regex("[0-9a-f]{64}")));
  CHECK(one != random_hex(32));
}

TEST_CASE("UUID version 7") {
  const std::string uuid = uuid_v7(0x017f22e279b0);  // the time of RFC 9562, appendix A.6
  CHECK(std::regex_match(uuid, std::regex("017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(uuid_v7(1));
  CHECK(seen.size() == 1000);
  CHECK(uuid_v7(1000) < uuid_v7(1001));
}
