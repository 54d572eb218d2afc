#include "wire/resp.hpp"

#include "support/catch.hpp"

namespace relay::wire {
namespace {

// A reply as text: what a person would write.
std::string drawn(const RespValue& value) {
  switch (value.type()) {
    case RespValue::Type::kNil:
      return "nil";
    case RespValue::Type::kInteger:
      return std::to_string(value.integer());
    case RespValue::Type::kStatus:
      return "+" + std::string(value.text());
    case RespValue::Type::kError:
      return "-" + std::string(value.text());
    case RespValue::Type::kString:
      return "'" + std::string(value.text()) + "'";
    case RespValue::Type::kArray:
      break;
  }
  std::string text = "[";
  for (std::size_t i = 0; i < value.size(); ++i) text += (i == 0 ? "" : " ") + drawn(value[i]);
  return text + "]";
}

std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  RespReader reader;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto fed = reader.feed(bytes.substr(at, piece), [&](const RespValue& value) {
      text += drawn(value) + ";";
      return true;
    });
    if (!fed) return text + "error";
  }
  return text;
}

TEST_CASE("a command is formatted as RESP") {
  std::string out;
  append_command(out, {"SET", "key", ""});
  RespCommand(out, 2).arg("INCRBY").arg(std::uint64_t{18'446'744'073'709'551'615U});
  CHECK(out ==
        "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n*2\r\n$6\r\nINCRBY\r\n$20\r\n18446744073709551615\r\n");
}

TEST_CASE("replies are read wherever they are cut") {
  using namespace std::string_literals;
  const std::string bytes =
      "+OK\r\n-ERR no\r\n:-42\r\n:3731212800000123\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n$5\r\na\r\n\0b\r\n"
      "*3\r\n$7\r\nmessage\r\n$1\r\nt\r\n$2\r\n\r\n\r\n*2\r\n*2\r\n:1\r\n*1\r\n$1\r\nx\r\n*2\r\n:2\r\n$-1\r\n"s;
  const std::string drawing =
      "+OK;-ERR no;-42;3731212800000123;nil;nil;[];'';'a\r\n\0b';['message' 't' '\r\n'];[[1 ['x']] [2 nil]];"s;
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
    REQUIRE(read_in_pieces(bytes, piece) == drawing);
}

TEST_CASE("many replies in one read come one by one") {
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += ":" + std::to_string(i) + "\r\n";
  RespReader reader;
  std::int64_t next = 0;
  const auto fed = reader.feed(bytes, [&](const RespValue& value) { return value.integer() == next++; });
  CHECK(fed.has_value());
  CHECK(next == 20'000);
}

TEST_CASE("reading stops where the listener says so") {
  RespReader reader;
  int seen = 0;
  CHECK(reader.feed(":1\r\n:2\r\n:3\r\n", [&](const RespValue&) { return ++seen < 2; }).has_value());
  CHECK(seen == 2);
}

TEST_CASE("what is not RESP2 is an error") {
  for (const char* bytes : {"HTTP/1.1 400 Bad Request\r\n", "*x\r\n", "$-5\r\n", ":1x\r\n", "\r\n\r\n"}) {
    INFO(bytes);
    CHECK(read_in_pieces(bytes, 1000) == "error");
  }
}

TEST_CASE("a reply longer than the bound is an error, not memory") {
  RespReader reader(100'000);
  const std::string piece(16 * 1024, 'x');
  const auto ignore = [](const RespValue&) { return true; };
  Result<bool> fed = reader.feed("$900000000\r\n", ignore);
  int pieces = 0;
  while (fed && pieces < 100) {
    fed = reader.feed(piece, ignore);
    ++pieces;
  }
  CHECK(fed.has_error());
  CHECK(pieces < 10);
}

TEST_CASE("a long reply does not spoil the short ones after it") {
  const std::string big(3'000'000, 'y');
  const std::string bytes = "$3000000\r\n" + big + "\r\n$1\r\nz\r\n:5\r\n";
  CHECK(read_in_pieces(bytes, 50'000) == "'" + big + "';'z';5;");
}

}  // namespace
}  // namespace relay::wire
