#include "wire/http_headers.hpp"

#include "support/catch.hpp"

namespace relay::wire {

TEST_CASE("fields are found by name without regard to case, in order") {
  HttpHeaders headers;
  headers.add("Accept", "a");
  headers.add("X", "");
  headers.add("ACCEPT", "b");
  CHECK(headers.find("accept") == "a");
  CHECK(headers.find("x") == "");
  CHECK_FALSE(headers.find("accep"));
  CHECK(headers.all("Accept") == std::vector<std::string_view>{"a", "b"});
  CHECK(headers.count("accept") == 2);
  CHECK(headers.at(2).name == "ACCEPT");
  const HttpHeaders copy = headers;
  headers.clear();
  CHECK(headers.size() == 0);
  CHECK(copy.at(2).value == "b");
}

TEST_CASE("list fields have tokens") {
  HttpHeaders headers;
  headers.add("Connection", "keep-alive, Upgrade");
  headers.add("connection", "x");
  CHECK(headers.has_token("Connection", "upgrade"));
  CHECK(headers.has_token("Connection", "X"));
  CHECK_FALSE(headers.has_token("Connection", "keep"));
  CHECK(list_has_token(" , a,b ", "B"));
  CHECK_FALSE(list_has_token("", "a"));
  CHECK_FALSE(list_has_token("a b", "a"));
}

TEST_CASE("tokens and field values") {
  CHECK(is_http_token("M-SEARCH"));
  CHECK_FALSE(is_http_token(""));
  CHECK_FALSE(is_http_token("a b"));
  CHECK_FALSE(is_http_token("a:b"));
  CHECK_FALSE(is_http_token("\xC3\xA4"));
  CHECK(is_http_field_value("a\tb \xC3\xA4"));
  CHECK_FALSE(is_http_field_value("a\nb"));
  CHECK_FALSE(is_http_field_value("a\rb"));
  CHECK_FALSE(is_http_field_value(std::string_view("\0", 1)));
  CHECK_FALSE(is_http_field_value("\x7f"));
  for (std::size_t at = 0; at < 20; ++at) {
    for (const char c : {'\n', '\r', '\0', '\x1f', '\x7f'}) {
      std::string text(20, 'a');
      text[at] = c;
      CHECK_FALSE(is_http_field_value(text));
    }
    for (const char c : {'\t', ' ', '~', '\x80', '\xff'}) {
      std::string text(20, 'a');
      text[at] = c;
      CHECK(is_http_field_value(text));
    }
  }
}

}  // namespace relay::wire
