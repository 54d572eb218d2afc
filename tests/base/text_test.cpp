#include "base/text.hpp"

#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace relay;

namespace {

struct Sample {
  std::string_view bytes;
  bool ok;
};

// Boundaries of RFC 3629 §4 and the ill-formed kinds: lone continuation bytes, cut sequences, overlong forms,
// surrogates, beyond U+10FFFF, bytes that never occur.
constexpr Sample kSamples[] = {
    {"", true},
    {"plain ASCII, long enough for the word-wise path", true},
    {"\x7f", true},
    {"\xc2\x80", true},
    {"\xdf\xbf", true},
    {"\xe0\xa0\x80", true},
    {"\xed\x9f\xbf", true},
    {"\xee\x80\x80", true},
    {"\xef\xbf\xbd", true},
    {"\xef\xbf\xbe", true},  // a noncharacter, and well-formed
    {"\xef\xbf\xbf", true},
    {"\xf0\x90\x80\x80", true},
    {"\xf3\xbf\xbf\xbf", true},
    {"\xf4\x8f\xbf\xbf", true},
    {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", true},
    {"\x80", false},
    {"\xbf", false},
    {"\x80\xbf\x80\xbf", false},
    {"a\x80", false},
    {"\xc2", false},
    {"\xc2\x20", false},
    {"\xc2\xc0", false},
    {"\xe1\x80", false},
    {"\xe1\x80\x20", false},
    {"\xe1\x80\xc0", false},
    {"\xf1\x80\x80", false},
    {"\xf1\x80\x80\x20", false},
    {"\xf1\x80\x80\xc0", false},
    {"\xc0\xaf", false},
    {"\xc1\xbf", false},
    {"\xe0\x80\xaf", false},
    {"\xe0\x9f\xbf", false},
    {"\xf0\x80\x80\xaf", false},
    {"\xf0\x8f\xbf\xbf", false},
    {"\xc0\x80", false},
    {"\xed\xa0\x80", false},
    {"\xed\xad\xbf", false},
    {"\xed\xae\x80", false},
    {"\xed\xbf\xbf", false},
    {"\xed\xa0\x80\xed\xb0\x80", false},
    {"\xf4\x90\x80\x80", false},
    {"\xf5\x80\x80\x80", false},
    {"\xf8\x88\x80\x80\x80", false},
    {"\xfc\x84\x80\x80\x80\x80", false},
    {"\xfe", false},
    {"\xff", false},
    {"\xfe\xfe\xff\xff", false},
};

std::string go_json(std::string_view text) {
  std::string out;
  append_go_json_string(out, text);
  return out;
}

}  // namespace

TEST_CASE("well-formed and ill-formed UTF-8, at every alignment") {
  for (const Sample& sample : kSamples) {
    for (std::size_t before = 0; before < 17; ++before) {
      const std::string text = std::string(before, 'x') + std::string(sample.bytes);
      INFO(sample.bytes.size() << " bytes behind " << before);
      CHECK(is_utf8(text) == sample.ok);
      CHECK(is_utf8(text + "0123456789") == sample.ok);
    }
  }
}

TEST_CASE("the checker agrees wherever a text is cut") {
  for (const Sample& sample : kSamples) {
    const std::string text = "abc" + std::string(sample.bytes) + "defghijklmnop";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      Utf8Checker checker;
      const bool ok = checker.feed(std::string_view(text).substr(0, cut)) &&
                      checker.feed(std::string_view(text).substr(cut)) && checker.complete();
      CHECK(ok == sample.ok);
    }
  }
}

TEST_CASE("every character is well-formed, and every surrogate is not") {
  int wrong = 0;
  for (std::uint32_t point = 0x800; point <= 0x10ffff; ++point) {
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    std::string text;
    if (point < 0x10000) {
      text = {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
    } else {
      text = {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
    }
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    wrong += is_utf8(text) == surrogate ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the checker fails at the first impossible byte and stays failed") {
  Utf8Checker checker;
  CHECK(checker.feed("ab\xe2"));
  CHECK_FALSE(checker.complete());
  CHECK(checker.feed("\x82"));
  CHECK(checker.feed("\xac"));
  CHECK(checker.complete());
  CHECK(checker.feed("\xed"));
  CHECK_FALSE(checker.feed("\xa0"));
  for (const char* later : {"a", "\x80", "\xff", ""}) CHECK_FALSE(checker.feed(later));
  CHECK_FALSE(checker.complete());
  checker.reset();
  CHECK(checker.feed("a"));
  CHECK(checker.complete());
}

TEST_CASE("repair replaces one bad byte at a time") {
  CHECK(repair_utf8("") == "");
  CHECK(repair_utf8("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
  CHECK(repair_utf8("a\xff"
                    "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(repair_utf8("\xe2\x82") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(repair_utf8("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  for (const Sample& sample : kSamples) CHECK(is_utf8(repair_utf8(sample.bytes)));
}

TEST_CASE("names: printable, without blanks") {
  CHECK(is_printable_name("room:1"));
  CHECK(is_printable_name("\xe6\x97\xa5\xe6\x9c\xac"));
  CHECK(is_printable_name("\xf0\x9f\x90\x8b"));
  CHECK(is_printable_name("!\"#%&'*+/<=>?@[\\]^`{|}~"));
  for (const std::string_view bad : {std::string_view(""),
                                     std::string_view("a b"),
                                     std::string_view("a\0", 2),
                                     std::string_view("\t"),
                                     std::string_view("a\n"),
                                     std::string_view("\x7f"),
                                     std::string_view("\xc2\x80"),
                                     std::string_view("\xc2\x9f"),
                                     std::string_view("\xc2\xa0"),
                                     std::string_view("\xe1\x9a\x80"),
                                     std::string_view("\xe2\x80\x80"),
                                     std::string_view("\xe2\x80\x8f"),
                                     std::string_view("\xe2\x80\xa8"),
                                     std::string_view("\xe2\x80\xae"),
                                     std::string_view("\xe2\x81\x9f"),
                                     std::string_view("\xe3\x80\x80"),
                                     std::string_view("\xef\xbb\xbf"),
                                     std::string_view("\xef\xbf\xbf"),
                                     std::string_view("\xff"),
                                     std::string_view("a\xc3")}) {
    INFO(bad.size());
    CHECK_FALSE(is_printable_name(bad));
  }
}

TEST_CASE("JSON strings") {
  CHECK(json_string("") == "\"\"");
  CHECK(json_string("a\"b\\c/") == R"("a\"b\\c/")");
  CHECK(json_string(std::string_view("\0\x01\x1f\n\r\t\x7f", 7)) == "\"\\u0000\\u0001\\u001f\\n\\r\\t\x7f\"");
  CHECK(json_string("\xc3\xbc\xe2\x80\xa8") == "\"\xc3\xbc\xe2\x80\xa8\"");
  std::string out = "x=";
  append_json_string(out, "y");
  CHECK(out == "x=\"y\"");
}

TEST_CASE("A byte is escaped in JSON, or makes a name unprintable, wherever it stands") {
  for (int byte = 0; byte < 0x80; ++byte) {
    const char c = static_cast<char>(byte);
    const bool escaped = byte < 0x20 || c == '"' || c == '\\';
    const std::string alone = json_string(std::string(1, c));
    CHECK((alone.size() > 3) == escaped);
    for (std::size_t at = 0; at < 19; ++at) {
      std::string text =
          "\xc3\xa9"
          "cdefghijklmnopqrstu";
      text[at + 2] = c;
      INFO("byte " << byte << " at " << at);
      CHECK(json_string(text) ==
            '"' + text.substr(0, at + 2) + alone.substr(1, alone.size() - 2) + text.substr(at + 3) + '"');
      CHECK(is_printable_name(text) == (byte > 0x20 && byte != 0x7f));
    }
  }
}

TEST_CASE("JSON strings as Go writes them") {
  CHECK(go_json("<a href=\"x\">&") == R"("\u003ca href=\"x\"\u003e\u0026")");
  CHECK(go_json("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa") == "\"\\u2028\\u2029\xe2\x80\xaa\"");
  CHECK(go_json("a\xff\xe2\x82") == R"("a\ufffd\ufffd\ufffd")");
  CHECK(go_json("\n\r\t\x01\\") == R"("\n\r\t\u0001\\")");
}
