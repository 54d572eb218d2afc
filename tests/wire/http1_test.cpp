#include "wire/http1.hpp"

#include "support/catch.hpp"
#include "wire/http_text.hpp"

namespace relay::wire {

namespace {

using namespace std::string_literals;

using State = HttpRequestParser::State;

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

TEST_CASE("a request is read the same however it is cut") {
  CHECK(parse_every_cut("GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept:  text/plain \r\n\r\n") ==
        "GET /a?b=c 1.1 keep Host=[x] Accept=[text/plain]\nidle");
  CHECK(parse_every_cut("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello") ==
        "POST /p 1.1 keep Host=[x] Content-Length=[5] {hello}\nidle");
  CHECK(parse_every_cut("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
                        "3\r\nhel\r\n2;a=\"b\"\r\nlo\r\n0\r\nTrailer: gone\r\n\r\n") ==
        "POST /p 1.1 keep Host=[x] Transfer-Encoding=[Chunked] {hello}\nidle");
}

TEST_CASE("an empty chunked body ends at its last chunk, fed byte by byte too") {
  CHECK(parse_every_cut("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") ==
        "POST /p 1.1 keep Host=[x] Transfer-Encoding=[chunked]\nidle");
}

TEST_CASE("pipelined requests come out one by one, in order") {
  CHECK(parse_every_cut("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
                        "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                        "\r\nGET /3 HTTP/1.0\r\n\r\nGET /4") ==
        "GET /1 1.1 keep Host=[x]\n"
        "POST /2 1.1 keep Host=[x] Content-Length=[2] {hi}\n"
        "GET /3 1.0 close\nmore");
}

TEST_CASE("feed takes one message at most") {
  HttpRequestParser parser(HttpLimits{});
  const std::string one = get("Host: x\r\n");
  CHECK(parser.feed(one + one) == one.size());
  CHECK(parser.state() == State::kDone);
  CHECK(parser.feed(one) == 0);
  CHECK(parser.take_request().target == "/");
  CHECK(parser.state() == State::kNeedMore);
  CHECK_FALSE(parser.head_complete());
}

TEST_CASE("methods known and unknown are tokens as sent") {
  for (std::string method :
       {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW", "get", "M-SEARCH"}) {
    CHECK(parse_every_cut(method + " / HTTP/1.1\r\nHost: x\r\n\r\n") ==
          method + " / 1.1 keep Host=[x]\nidle");
  }
}

TEST_CASE("path and query are cut out of every form of target") {
  HttpRequest request;
  const auto split = [&](std::string target) {
    request.target = std::move(target);
    return std::string(request.path()) + "|" + std::string(request.query());
  };
  CHECK(split("/a/b") == "/a/b|");
  CHECK(split("/a?x=1&y=2?z") == "/a|x=1&y=2?z");
  CHECK(split("/?") == "/|");
  CHECK(split("*") == "*|");
  CHECK(split("http://host:80/a?b") == "/a|b");
  CHECK(split("HTTPS://host") == "/|");
  CHECK(split("http://host?q") == "/|q");
}

TEST_CASE("request targets outside the grammar are refused") {
  for (std::string target : {"a", "?x", "http:///x", "ftp://h/x", "*", "/a#b", "//host#", "http://?x"}) {
    INFO(target);
    CHECK(parse_every_cut("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n") ==
          "400 malformed request target");
  }
  CHECK(parse_every_cut("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n") == "OPTIONS * 1.1 keep Host=[x]\nidle");
  CHECK(parse_every_cut("GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n") ==
        "GET http://h/x 1.1 keep Host=[h]\nidle");
}

TEST_CASE("keep-alive follows version and Connection") {
  const auto keeps = [](std::string version, std::string connection) {
    HttpRequestParser parser(HttpLimits{});
    parser.feed("GET / HTTP/" + version + "\r\nHost: x\r\n" + connection + "\r\n");
    return parser.take_request().keep_alive;
  };
  CHECK(keeps("1.1", ""));
  CHECK_FALSE(keeps("1.1", "Connection: Close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: foo, close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: close\r\nConnection: keep-alive\r\n"));
  CHECK_FALSE(keeps("1.0", ""));
  CHECK(keeps("1.0", "Connection: Keep-Alive\r\n"));
  CHECK_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
}

TEST_CASE("started() is about bytes of a request, not blank lines ahead of it") {
  HttpRequestParser parser(HttpLimits{});
  CHECK_FALSE(parser.started());
  parser.feed("\r\n\r\n\r");
  CHECK_FALSE(parser.started());
  parser.feed("\nG");
  CHECK(parser.started());
  parser.reset();
  CHECK_FALSE(parser.started());
}

TEST_CASE("what could smuggle a request is refused") {
  const std::string length = "Content-Length: 3\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const auto refusal = [](std::string fields) {
    const std::string text = parse_every_cut(get("Host: x\r\n" + fields) + "abc");
    INFO(fields << " -> " << text);
    CHECK(text.find('\n') == std::string::npos);
    return text.substr(0, 3);
  };
  CHECK(refusal(length + chunked) == "400");
  CHECK(refusal(chunked + length) == "400");
  CHECK(refusal(length + length) == "400");
  CHECK(refusal(length + "Content-Length: 4\r\n") == "400");
  CHECK(refusal("Content-Length: 3, 3\r\n") == "400");
  CHECK(refusal("Content-Length: -3\r\n") == "400");
  CHECK(refusal("Content-Length: +3\r\n") == "400");
  CHECK(refusal("Content-Length: 0x3\r\n") == "400");
  CHECK(refusal("Content-Length: 3 3\r\n") == "400");
  CHECK(refusal("Content-Length:\r\n") == "400");
  CHECK(refusal("Content-Length: 18446744073709551616\r\n") == "400");
  CHECK(refusal("Content-Length: 99999999999999999999999\r\n") == "400");
  CHECK(refusal(chunked + chunked) == "400");
  CHECK(refusal("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n") == "400");
  CHECK(refusal("Transfer-Encoding: gzip\r\n" + length) == "400");
  CHECK(refusal(length + "Transfer-Encoding: identity\r\n") == "400");
  CHECK(refusal("Transfer-Encoding : chunked\r\n") == "400");
  CHECK(refusal("Content-Length : 3\r\n") == "400");
  CHECK(refusal("X: a\r\n b\r\n") == "400");
  CHECK(refusal("X: a\r\n\tb\r\n") == "400");
  CHECK(refusal("X: a\nY: b\r\n") == "400");
  CHECK(refusal("X: a\rY: b\r\n") == "400");
  CHECK(refusal("X: a\r\r\n") == "400");
  CHECK(refusal("X: a\0b\r\n"s) == "400");
  CHECK(refusal("X: a\x01\r\n") == "400");
  CHECK(refusal("X: a\x7f\r\n") == "400");
  CHECK(refusal("X\x01: a\r\n") == "400");
  CHECK(refusal(": a\r\n") == "400");
  CHECK(refusal("no colon\r\n") == "400");
  CHECK(refusal("X\xC3\xA4: a\r\n") == "400");
  CHECK(refusal("Transfer-Encoding: gzip\r\n") == "501");
  CHECK(refusal("Transfer-Encoding: gzip, chunked\r\n") == "501");
  CHECK(refusal("Transfer-Encoding: chunked, chunked\r\n") == "501");
  CHECK(refusal("Transfer-Encoding: xchunked\r\n") == "501");
  CHECK(refusal("Transfer-Encoding:\r\n") == "501");
}

TEST_CASE("a chunked body in HTTP/1.0 is refused") {
  CHECK(parse_every_cut("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") ==
        "400 Transfer-Encoding in HTTP/1.0");
}

TEST_CASE("Host is there once, and is a host") {
  CHECK(parse_every_cut(get("")) == "400 Host is missing");
  CHECK(parse_every_cut(get("Host: a\r\nHost: a\r\n")) == "400 more than one Host");
  CHECK(parse_every_cut(get("Host: a b\r\n")) == "400 malformed Host");
  CHECK(parse_every_cut(get("Host: u@a\r\n")) == "400 malformed Host");
  CHECK(parse_every_cut(get("Host: a/b\r\n")) == "400 malformed Host");
  CHECK(parse_every_cut(get("Host:\r\n")) == "GET / 1.1 keep Host=[]\nidle");
  CHECK(parse_every_cut(get("Host: [::1]:80\r\n")) == "GET / 1.1 keep Host=[[::1]:80]\nidle");
  CHECK(parse_every_cut("GET / HTTP/1.0\r\n\r\n") == "GET / 1.0 close\nidle");
}

TEST_CASE("request lines that are none are refused") {
  const auto status = [](std::string_view input) { return parse_every_cut(input).substr(0, 3); };
  CHECK(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "505");
  CHECK(status("GET / HTTP/2.0\r\nHost: x\r\n\r\n") == "505");
  CHECK(status("GET / HTTP/1.2\r\nHost: x\r\n\r\n") == "505");
  CHECK(status("GET / HTTP/0.9\r\nHost: x\r\n\r\n") == "505");
  CHECK(status("GET / HTTP/2\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("GET / HTTP/1.10\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("GET / http/1.1\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("GET /\r\n\r\n") == "400");
  CHECK(status("GET\r\n\r\n") == "400");
  CHECK(status("GET  / HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("GET /  HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("GET / HTTP/1.1 \r\nHost: x\r\n\r\n") == "400");
  CHECK(status("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("G(T / HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
  CHECK(status(" GET / HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
  CHECK(status("\x16\x03\x01\x02\x00\x01"s) == "400");  // TLS on a plain port
}

TEST_CASE("malformed chunks are refused") {
  const auto refusal = [](std::string_view body) {
    return parse_every_cut("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                           std::string(body));
  };
  for (std::string_view body : {"\r\n",
                                "x\r\n",
                                " 1\r\na\r\n",
                                "1 \r\na\r\n",
                                "-1\r\n",
                                "+1\r\n",
                                "0x1\r\n",
                                "1\na\r\n",
                                "1\r\nab\r\n",
                                "1\r\na\n",
                                "1\r\na\rb",
                                ";a\r\n",
                                "1;a\nb\r\n",
                                "1\r\n\r\n\r\n",
                                "10000000000000000\r\n",
                                "fffffffffffffffff\r\n",
                                "0\r\n X: y\r\n\r\n",
                                "0\r\nX: y\n\r\n",
                                "0\r\nX\r\r\n",
                                "1;\x01\r\n"}) {
    INFO(body);
    CHECK(refusal(body) == "400 malformed chunk");
  }
}

TEST_CASE("bodies over the limit are refused as soon as it shows") {
  const HttpLimits limits{1024, 10};
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::string too_large = "413 the request body is too large";
  CHECK(parse_every_cut(head + "Content-Length: 11\r\n\r\n", limits) == too_large);
  CHECK(parse_every_cut(head + "Content-Length: 18446744073709551615\r\n\r\n", limits) == too_large);
  CHECK(parse_every_cut(head + "Content-Length: 10\r\n\r\n0123456789", limits).substr(0, 4) == "POST");
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(parse_every_cut(chunked + "b\r\n", limits) == too_large);
  CHECK(parse_every_cut(chunked + "6\r\n012345\r\n5\r\n", limits) == too_large);
  CHECK(parse_every_cut(chunked + "6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n", limits).substr(0, 4) == "POST");
  CHECK(parse_every_cut(chunked + "ffffffffffffffff\r\n", limits) == too_large);
}

TEST_CASE("a head over the limit is refused at the limit, whole or dribbled") {
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string too_large = "431 the request head is too large";
  CHECK(parse_every_cut(head, {head.size(), 0}) == "GET / 1.1 keep Host=[x]\nidle");
  CHECK(parse_every_cut(head, {head.size() - 1, 0}) == too_large);
  CHECK(parse_every_cut(std::string(100, 'G'), {100, 0}) == too_large);
  CHECK(parse_every_cut("\r\n\r\n\r\n\r\n\r\n", {8, 0}) == too_large);
}

TEST_CASE("a failed parser takes nothing more until reset") {
  HttpRequestParser parser(HttpLimits{});
  parser.feed("GET / HTTP/3.0\r\n\r\n");
  CHECK(parser.state() == State::kFailed);
  CHECK(parser.error_status() == 505);
  CHECK(parser.feed(get("Host: x\r\n")) == 0);
  parser.reset();
  parser.feed(get("Host: x\r\n"));
  CHECK(parser.state() == State::kDone);
}

TEST_CASE("100-continue is wanted between the head and the first byte of the body") {
  HttpRequestParser parser(HttpLimits{});
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
  CHECK(parser.feed(head.substr(0, 20)) == 20);
  CHECK_FALSE(parser.wants_continue());
  parser.feed(head.substr(20));
  CHECK(parser.head_complete());
  CHECK(parser.request().expect_continue);
  CHECK(parser.wants_continue());
  SECTION("until the body comes") {
    parser.feed("h");
    CHECK_FALSE(parser.wants_continue());
  }
  SECTION("until it was sent") {
    parser.continue_sent();
    CHECK_FALSE(parser.wants_continue());
  }
  parser.feed("hi");
  CHECK(parser.state() == State::kDone);
  CHECK_FALSE(parser.wants_continue());
  parser.take_request();
  parser.feed(head);
  CHECK(parser.wants_continue());
}

TEST_CASE("expectations that cannot be met") {
  CHECK(parse_every_cut(get("Host: x\r\nExpect: magic\r\n")) ==
        "417 no expectation but 100-continue can be met");
  CHECK(parse_every_cut("GET / HTTP/1.0\r\nExpect: magic\r\n\r\n") == "GET / 1.0 close Expect=[magic]\nidle");
  CHECK(parse_every_cut("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n") ==
        "GET / 1.0 close Expect=[100-continue]\nidle");
  HttpRequestParser parser(HttpLimits{1024, 1});
  parser.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(parser.error_status() == 413);
  CHECK_FALSE(parser.wants_continue());
}

TEST_CASE("a request outlives its parser and a thousand fields") {
  HttpRequest request;
  {
    HttpRequestParser parser(HttpLimits{});
    std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 1000; ++i) head += "X-" + std::to_string(i) + ": " + std::to_string(i * i) + "\r\n";
    parser.feed(head + "\r\n");
    request = parser.take_request();
  }
  CHECK(request.headers.size() == 1001);
  CHECK(request.header("x-999") == "998001");
  CHECK_FALSE(request.header("x-1000"));
}

}  // namespace relay::wire
