#include "hub/cursor.hpp"

#include <random>

#include "base/bytes.hpp"
#include "support/catch.hpp"

using namespace relay;
using relay::hub::Cursor;

namespace {

constexpr MessageId kNow = first_id_at(1'763'000'000'000);

Cursor random_cursor(std::mt19937_64& random) {
  std::vector<Cursor::Place> places;
  const std::uint64_t step = 1 + random() % 300;
  for (std::uint64_t at = random() % step; at < Cursor::kMaxPartitions && places.size() < 64;
       at += 1 + random() % step) {
    const int bits = static_cast<int>(random() % 54);
    places.push_back(
        {static_cast<std::uint32_t>(at), random() & ((MessageId{1} << bits) - 1), random() % 2 == 0});
  }
  return Cursor(std::move(places));
}

}  // namespace

TEST_CASE("A plain cursor is a decimal id, in every partition") {
  CHECK(Cursor(42).text() == "42");
  CHECK(Cursor(42).in(0) == 42);
  CHECK(Cursor(42).in(63) == 42);
  REQUIRE(Cursor::parse("9007199254740991"));
  CHECK(Cursor::parse("9007199254740991")->in(7) == kMaxId);
  CHECK(Cursor::parse("0") == Cursor(0));
}

TEST_CASE("A cursor over several partitions names each; others begin at its lowest") {
  const Cursor cursor({{0, kNow + 5}, {7, kNow}, {63, kNow + 900}});
  CHECK(cursor.in(0) == kNow + 5);
  CHECK(cursor.in(7) == kNow);
  CHECK(cursor.in(63) == kNow + 900);
  CHECK(cursor.in(1) == kNow);
  CHECK(cursor.in(64) == kNow);
  CHECK(cursor.is_exact(7));
  CHECK_FALSE(cursor.is_exact(1));
  CHECK_FALSE(Cursor({{7, kNow, true}}).is_exact(7));
  CHECK(Cursor::parse(cursor.text()) == cursor);
}

TEST_CASE("Its text has these very bytes") {
  // version, base 300, (0 skipped, 0 behind), (1 skipped, 172 behind, a time), checksum
  const Cursor cursor({{0, 300}, {2, 128, true}});
  const std::string text = cursor.text();
  const auto bytes = base64url_decode(text.substr(1));
  REQUIRE(bytes);
  CHECK(text.front() == 'c');
  CHECK(bytes->substr(0, 8) == std::string("\x01\xac\x02\x00\x00\x01\xd9\x02", 8));
  CHECK(bytes->size() == 10);
}

TEST_CASE("It is short: five bytes a partition while all of them are alive") {
  std::vector<Cursor::Place> places;
  for (std::uint32_t i = 0; i < 64; ++i)
    places.push_back({i, kNow - first_id_at(i * 50), true});  // up to 3 s behind
  CHECK(Cursor(places).text().size() < 450);
}

TEST_CASE("Cursors come back as they went") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Cursor cursor = random_cursor(random);
    const std::string text = cursor.text();
    INFO(text);
    REQUIRE(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
            std::string::npos);
    REQUIRE(Cursor::parse(text) == cursor);
  }
}

TEST_CASE("What is no cursor is refused") {
  for (const char* text : {"", "c", "cAA", "x", "-1", "+1", " 1", "1 ", "0x10", "9007199254740992", "1.5",
                           "c!!!!", "C", "cAQ", "cAQEB", "99999999999999999999", "c\xff\xff\xff"}) {
    INFO(text);
    CHECK_FALSE(Cursor::parse(text));
  }
}

TEST_CASE("A cursor that was cut, lengthened or has a wrong letter is refused") {
  const std::string text = Cursor({{1, kNow}, {5, kNow + 77}, {9, kNow - 1'000'000}}).text();
  for (std::size_t length = 0; length < text.size(); ++length)
    CHECK_FALSE(Cursor::parse(text.substr(0, length)));
  CHECK_FALSE(Cursor::parse(text + 'A'));
  CHECK_FALSE(Cursor::parse(text + '='));
  std::size_t accepted = 0;
  for (std::size_t at = 1; at < text.size(); ++at) {
    for (const char letter : std::string("Ag_9")) {
      std::string wrong = text;
      if (wrong[at] == letter) continue;
      wrong[at] = letter;
      accepted += Cursor::parse(wrong) ? 1 : 0;
    }
  }
  CHECK(accepted == 0);
}

TEST_CASE("Bytes that anybody could forge are read within bounds") {
  std::mt19937_64 random(2);
  std::size_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = "\x01";
    for (std::size_t n = random() % 40; n > 0; --n) bytes += static_cast<char>(random());
    const auto cursor = Cursor::parse("c" + base64url_encode(bytes));
    if (!cursor) continue;
    ++accepted;
    CHECK(Cursor::parse(cursor->text()) == cursor);
  }
  CHECK(accepted < 20);  // one of 65,536 has a right checksum
}
