#include "wire/chunked.hpp"

#include "support/catch.hpp"
#include "wire/pieces.hpp"

namespace relay::wire {

namespace {

std::string decode(std::string_view input, std::size_t max_body_bytes = 1 << 20) {
  return same_for_every_cut(input, [&](const Pieces& pieces) {
    ChunkDecoder decoder(max_body_bytes);
    std::string body;
    std::size_t taken = 0;
    for (std::string_view piece : pieces) taken += decoder.feed(piece, body);
    static constexpr const char* kNames[] = {"more", "done", "bad", "too large"};
    return body + "|" + kNames[static_cast<int>(decoder.state())] + "|" + std::to_string(taken);
  });
}

}  // namespace

TEST_CASE("a chunk and its payload are the same bytes") {
  CHECK(as_chunk("hello") == "5\r\nhello\r\n");
  CHECK(chunk_payload(as_chunk("hello")) == "hello");
  for (std::size_t size : {1u, 9u, 15u, 16u, 255u, 4096u, 70000u}) {
    const std::string payload(size, '\n');
    CHECK(chunk_payload(as_chunk(payload)) == payload);
    CHECK(decode(as_chunk(payload.substr(0, 300))).substr(0, std::min<std::size_t>(size, 300)) ==
          payload.substr(0, 300));
  }
  std::string out = "x";
  append_chunk(out, std::string(26, 'a'));
  CHECK(out == "x1a\r\n" + std::string(26, 'a') + "\r\n");
}

TEST_CASE("chunks are decoded up to the end of the body and no further") {
  CHECK(decode("3\r\nabc\r\n0\r\n\r\nGET") == "abc|done|13");
  CHECK(decode("003\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n") == "abc0123456789|done|36");
  CHECK(decode("0;ext=1\r\n\r\n") == "|done|11");
  CHECK(decode("3\r\nab") == "ab|more|5");
}

TEST_CASE("the limit is on the decoded body") {
  CHECK(decode("3\r\nabc\r\n0\r\n\r\n", 3) == "abc|done|13");
  CHECK(decode("3\r\nabc\r\n1\r\n", 3) == "abc|too large|11");
}

TEST_CASE("extensions, trailers and leading zeros are bounded together") {
  const auto state = [](std::string_view input) {
    ChunkDecoder decoder(1 << 20);
    std::string body;
    decoder.feed(input, body);
    return decoder.state();
  };
  std::string extensions;
  for (int i = 0; i < 20; ++i) extensions += "1;" + std::string(1000, 'x') + "\r\na\r\n";
  CHECK(state(extensions) == ChunkDecoder::State::kTooLarge);
  CHECK(state("0\r\nX: " + std::string(20000, 'x')) == ChunkDecoder::State::kTooLarge);
  CHECK(state(std::string(20000, '0')) == ChunkDecoder::State::kTooLarge);
  CHECK(state("0\r\nX: " + std::string(10000, 'x') + "\r\n\r\n") == ChunkDecoder::State::kDone);
}

}  // namespace relay::wire
