#include "options/value.hpp"

#include "support/catch.hpp"

namespace {

using namespace relay;
using namespace relay::options;

TEST_CASE("durations are whole numbers with units") {
  CHECK(parse_duration("250ms").value() == Milliseconds(250));
  CHECK(parse_duration("30s").value() == Milliseconds(30'000));
  CHECK(parse_duration("5m").value() == Milliseconds(300'000));
  CHECK(parse_duration("2h").value() == Milliseconds(7'200'000));
  CHECK(parse_duration("1d").value() == Milliseconds(86'400'000));
  CHECK(parse_duration("1h30m").value() == Milliseconds(5'400'000));
  CHECK(parse_duration("0").value() == Milliseconds(0));
  CHECK(parse_duration("0s").value() == Milliseconds(0));
}

TEST_CASE("a duration without a unit says which one it may need") {
  const auto bare = parse_duration("30");
  REQUIRE_FALSE(bare.has_value());
  CHECK(bare.error().message == "duration \"30\" needs a unit, such as \"30s\" or \"30ms\"");
}

TEST_CASE("bad durations are refused") {
  for (const char* text : {"", "s", "-1s", "1.5s", "30 s", "30x", "s30", "1h30", "9223372036854775807h",
                           "99999999999999999999s", "30s ", "+3s", "1H"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("durations are shown in the largest unit without a fraction, and read back") {
  CHECK(format_duration(Milliseconds(0)) == "0s");
  CHECK(format_duration(Milliseconds(1500)) == "1500ms");
  CHECK(format_duration(Milliseconds(90'000)) == "90s");
  CHECK(format_duration(Milliseconds(300'000)) == "5m");
  CHECK(format_duration(Milliseconds(86'400'000)) == "24h");
  for (const int ms : {1, 250, 1000, 61'000, 3'600'000}) {
    CHECK(parse_duration(format_duration(Milliseconds(ms))).value() == Milliseconds(ms));
  }
}

TEST_CASE("sizes are bytes with binary or decimal units") {
  CHECK(parse_bytes("1048576").value() == 1048576);
  CHECK(parse_bytes("64KiB").value() == 65536);
  CHECK(parse_bytes("10MB").value() == 10'000'000);
  CHECK(parse_bytes("2GiB").value() == 2147483648);
  CHECK(parse_bytes("1 mib").value() == 1048576);
  CHECK(parse_bytes("5B").value() == 5);
}

TEST_CASE("bad sizes are refused") {
  for (const char* text : {"", "KiB", "64K", "-1", "1.5MiB", "64 XB", "9999999999GiB", "0x10"}) {
    INFO(text);
    CHECK_FALSE(parse_bytes(text).has_value());
  }
}

TEST_CASE("sizes are shown with a binary unit when that needs no fraction, and read back") {
  CHECK(format_bytes(0) == "0");
  CHECK(format_bytes(1000) == "1000");
  CHECK(format_bytes(65536) == "64KiB");
  CHECK(format_bytes(3 * 1048576) == "3MiB");
  CHECK(parse_bytes(format_bytes(65537)).value() == 65537);
}

TEST_CASE("numbers, booleans and lists from text") {
  CHECK(parse_count("42").value() == 42);
  for (const char* text : {"", "-1", "4x", "1.0", " 1", "99999999999999999999"}) {
    CHECK_FALSE(parse_count(text).has_value());
  }
  CHECK(parse_bool("True").value());
  CHECK(parse_bool("on").value());
  CHECK_FALSE(parse_bool("F").value());
  CHECK_FALSE(parse_bool("0").value());
  CHECK_FALSE(parse_bool("maybe").has_value());
  CHECK(parse_list(" a , b,,c ") == List{"a", "b", "c"});
  CHECK(parse_list("").empty());
}

TEST_CASE("text is quoted as TOML wants it") {
  CHECK(toml_string("a\"b\\c\n\x7f") == R"("a\"b\\c\u000A\u007F")");
  CHECK(toml_list({"a", "b"}) == R"(["a", "b"])");
  CHECK(toml_list({}) == "[]");
}

}  // namespace
