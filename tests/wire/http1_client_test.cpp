#include "wire/http1_client.hpp"

#include "support/catch.hpp"
#include "wire/http_response.hpp"
#include "wire/pieces.hpp"

namespace relay::wire {

namespace {

using State = HttpResponseParser::State;

std::string read(std::string_view input, bool ends = false, bool head_only = false) {
  return same_for_every_cut(input, [&](const Pieces& pieces) {
    HttpResponseParser parser(1000, head_only);
    std::string body;
    std::size_t taken = 0;
    for (std::string_view piece : pieces) taken += parser.feed(piece, body);
    if (ends) parser.feed_end();
    static constexpr const char* kNames[] = {"more", "done", "failed"};
    std::string text = kNames[static_cast<int>(parser.state())];
    if (parser.head_complete()) {
      text += " " + std::to_string(parser.status()) + (parser.keep_alive() ? " keep" : " close");
    }
    return text + " {" + body + "} " + std::to_string(parser.interim_count()) + " " + std::to_string(taken);
  });
}

}  // namespace

TEST_CASE("bodies end as their head says") {
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP") == "done 200 keep {hi} 0 40");
  CHECK(read("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") == "done 201 keep {} 0 43");
  CHECK(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n") ==
        "done 200 keep {hi} 0 59");
  CHECK(read("HTTP/1.1 200 OK\r\n\r\nhi") == "more 200 close {hi} 0 21");
  CHECK(read("HTTP/1.1 200 OK\r\n\r\nhi", true) == "done 200 close {hi} 0 21");
  CHECK(read("HTTP/1.1 204 No Content\r\n\r\n") == "done 204 keep {} 0 27");
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", false, true) == "done 200 keep {} 0 38");
  CHECK(read("HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n") == "done 200 close {} 0 55");
}

TEST_CASE("interim answers are passed over, 101 ends HTTP") {
  CHECK(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx") ==
        "done 200 keep {x} 1 64");
  CHECK(read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nframes") == "done 101 close {} 0 48");
}

TEST_CASE("an end inside a response is a failure") {
  CHECK(read("", true).substr(0, 6) == "failed");
  CHECK(read("HTTP/1.1 20", true).substr(0, 6) == "failed");
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", true) == "failed 200 keep {h} 0 39");
  CHECK(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", true).substr(0, 6) ==
        "failed");
}

TEST_CASE("what is no response fails") {
  CHECK(read("SSH-2.0-OpenSSH\r\n\r\n").substr(0, 6) == "failed");
  CHECK(read("HTTP/2.0 200 OK\r\n\r\n").substr(0, 6) == "failed");
  CHECK(read("HTTP/1.1 2000 OK\r\n\r\n").substr(0, 6) == "failed");
  CHECK(read("HTTP/1.1 200 OK\nX: y\n\n").substr(0, 6) == "failed");
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n").substr(0, 6) == "failed");
  CHECK(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx").substr(0, 6) == "failed");
  CHECK(read(std::string(2000, 'H')).substr(0, 6) == "failed");
}

TEST_CASE("one parser reads the answers of one connection after another") {
  HttpResponseParser parser;
  std::string stream;
  append_response(stream, {200, "text/plain", "one", {}}, true, false, 1);
  append_response(stream, {404, "text/plain", "two", {}}, true, false, 1);
  std::string_view rest = stream;
  std::string body;
  rest.remove_prefix(parser.feed(rest, body));
  CHECK(parser.state() == State::kDone);
  CHECK(body == "one");
  CHECK(parser.headers().find("content-type") == "text/plain");
  parser.reset();
  body.clear();
  CHECK(parser.feed(rest, body) == rest.size());
  CHECK(parser.status() == 404);
  CHECK(body == "two");
}

}  // namespace relay::wire
