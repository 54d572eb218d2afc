#include "base/bytes.hpp"

#include "support/catch.hpp"

using namespace relay;

TEST_CASE("hex") {
  CHECK(to_hex("") == "");
  CHECK(to_hex(std::string_view("\x00\x7f\x80\xff", 4)) == "007f80ff");
  CHECK(is_hex("09afAF"));
  CHECK_FALSE(is_hex(""));
  CHECK_FALSE(is_hex("0g"));
  CHECK_FALSE(is_hex("0x10"));
}

TEST_CASE("case is folded in ASCII only") {
  CHECK(to_lower("AZaz[@\xc3\x84") == "azaz[@\xc3\x84");
  CHECK(equals_ignore_case("Content-Length", "cONTENT-lENGTH"));
  CHECK_FALSE(equals_ignore_case("a", "ab"));
  CHECK_FALSE(equals_ignore_case("[", "{"));
}

TEST_CASE("trim takes blanks at both ends") {
  CHECK(trim(" \t\r\n a b \n") == "a b");
  CHECK(trim(" \t ") == "");
  CHECK(trim("") == "");
  CHECK(trim("x") == "x");
}

TEST_CASE("split keeps empty parts") {
  using Parts = std::vector<std::string_view>;
  CHECK(split("", ',') == Parts{""});
  CHECK(split("a", ',') == Parts{"a"});
  CHECK(split(",a,,b,", ',') == Parts{"", "a", "", "b", ""});
}

TEST_CASE("percent-decoding") {
  CHECK(percent_decode("a%20b%2Fc%2f", false) == "a b/c/");
  CHECK(percent_decode("a+b", false) == "a+b");
  CHECK(percent_decode("a+b%2B", true) == "a b+");
  CHECK(percent_decode("%00", false) == std::string(1, '\0'));
  CHECK(percent_decode("%ff", false) == "\xff");
  CHECK(percent_decode("", false) == "");
  for (const char* broken : {"%", "%2", "a%", "a%2", "%g0", "%0g", "%%41", "% 1", "%-1"}) {
    INFO(broken);
    CHECK_FALSE(percent_decode(broken, false));
  }
}

TEST_CASE("percent-encoding keeps only the unreserved") {
  CHECK(percent_encode("azAZ09-_.~") == "azAZ09-_.~");
  CHECK(percent_encode("https://dapp.example") == "https%3A%2F%2Fdapp.example");
  CHECK(percent_encode("\xff +") == "%FF%20%2B");
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  CHECK(percent_decode(percent_encode(all), true) == all);
}

TEST_CASE("query strings") {
  const auto pairs = parse_query("channel=a&channel=b%26&&x&=y&z=1=2", true);
  REQUIRE(pairs);
  REQUIRE(pairs->size() == 5);
  CHECK((*pairs)[0].key == "channel");
  CHECK((*pairs)[0].value == "a");
  CHECK((*pairs)[1].value == "b&");
  CHECK((*pairs)[2].key == "x");
  CHECK((*pairs)[2].value == "");
  CHECK((*pairs)[3].key == "");
  CHECK((*pairs)[3].value == "y");
  CHECK((*pairs)[4].value == "1=2");
  CHECK(parse_query("", true)->empty());
}

TEST_CASE("a broken escape spoils a strict query and is left out of a lax one") {
  CHECK_FALSE(parse_query("a=1&b=%zz", true));
  const auto lax = parse_query("a=1&b=%zz&%=2&c=3", false);
  REQUIRE(lax);
  REQUIRE(lax->size() == 2);
  CHECK((*lax)[0].key == "a");
  CHECK((*lax)[1].key == "c");
}

TEST_CASE("base64: the vectors of RFC 4648, section 10") {
  CHECK(base64_encode("") == "");
  CHECK(base64_encode("f") == "Zg==");
  CHECK(base64_encode("fo") == "Zm8=");
  CHECK(base64_encode("foo") == "Zm9v");
  CHECK(base64_encode("foob") == "Zm9vYg==");
  CHECK(base64_encode("fooba") == "Zm9vYmE=");
  CHECK(base64_encode("foobar") == "Zm9vYmFy");
  CHECK(base64_encode("\xfb\xff") == "+/8=");
}

TEST_CASE("base64url: no padding, and only what encoding gives is read") {
  for (const char* bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xfb\xff", "\xff\xff\xff"}) {
    CHECK(base64url_decode(base64url_encode(bytes)) == std::string(bytes));
  }
  CHECK(base64url_encode("\xfb\xff") == "-_8");
  for (const char* text : {"A", "Zg==", "+/8", "Zh", "Zm9", "Z g", "AAAAA"}) {
    INFO(text);
    CHECK_FALSE(base64url_decode(text));
  }
}

TEST_CASE("SHA-1: the handshake of RFC 6455, section 1.3") {
  CHECK(to_hex(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(base64_encode(sha1("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) ==
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("edit distance") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("max_backlg", "max_backlog") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("flaw", "lawn") == 2);
}
