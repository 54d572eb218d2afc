#include "client/url.hpp"

#include "support/catch.hpp"

namespace relay::client {

namespace {

std::string read(std::string_view text) {
  const Result<Url> url = Url::parse(text);
  if (!url) return url.error().code;
  if (!url->endpoint.unix_path.empty()) return url->endpoint.unix_path + " " + url->target;
  return url->endpoint.host + " " + std::to_string(url->endpoint.port) + " " + url->target;
}

}  // namespace

TEST_CASE("URLs of every form") {
  CHECK(read("http://127.0.0.1:8081/v1/events?channel=a") == "127.0.0.1 8081 /v1/events?channel=a");
  CHECK(read("ws://localhost/v1/ws") == "localhost 80 /v1/ws");
  CHECK(read("HTTP://h") == "h 80 /");
  CHECK(read("http://h?q=1") == "h 80 /?q=1");
  CHECK(read("http://[::1]:9/x") == "::1 9 /x");
  CHECK(read("http+unix://%2Frun%2Fr.sock/v1") == "/run/r.sock /v1");
  CHECK(read("ws+unix://%2Frun%2Fr.sock") == "/run/r.sock /");
}

TEST_CASE("what is no URL of ours") {
  for (std::string_view text :
       {"", "h:80", "https://h/", "ftp://h/", "http://", "http:///x", "http://h:0/", "http://h:x/",
        "http://h:99999/", "http://u@h/", "http://h/a b", "http://h/a\r\nX:1", "http://h/#f",
        "http+unix:///x", "http+unix://%zz/x", "http://[::1/", "http://h:80:81/"}) {
    INFO(text);
    CHECK(read(text) == "bad_url");
  }
}

TEST_CASE("the Host field") {
  CHECK(host_field(Url::parse("http://[::1]:9/")->endpoint) == "[::1]:9");
  CHECK(host_field(Url::parse("http://h:81/")->endpoint) == "h:81");
  CHECK(host_field(Url::parse("http+unix://%2Fx/")->endpoint) == "localhost");
}

}  // namespace relay::client
