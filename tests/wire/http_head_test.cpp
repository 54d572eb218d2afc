#include "wire/http_head.hpp"

#include <string>

#include "support/catch.hpp"
#include "wire/pieces.hpp"

namespace relay::wire {

namespace {

using State = HeadScan::State;

struct Outcome {
  State state;
  std::size_t seen;
  bool operator==(const Outcome&) const = default;
};

Outcome scan(std::string_view input, std::size_t max_bytes = 1000) {
  return same_for_every_cut(input, [&](const Pieces& pieces) {
    HeadScan head(max_bytes);
    std::size_t seen = 0;
    for (std::string_view piece : pieces) seen += head.feed(piece);
    return Outcome{head.state(), seen};
  });
}

}  // namespace

TEST_CASE("the end of a head is found and nothing after it is looked at") {
  CHECK(scan("a\r\n\r\nrest\n") == Outcome{State::kEnd, 5});
  CHECK(scan("\r\n\r\na\r\nb\r\n\r\n\r\n") == Outcome{State::kEnd, 12});
  CHECK(scan("a\r\n") == Outcome{State::kMore, 3});
}

// The scan goes eight bytes at a time: every control character must be seen at every place in a word.
TEST_CASE("no control character hides at any place of a line") {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 1; place < 19; ++place) {
      std::string line(20, 'x');
      line[place] = static_cast<char>(byte);
      HeadScan head(1000);
      head.feed(line);
      const bool refused = (byte < 0x20 && byte != '\t') || byte == 0x7f;
      const bool bad = head.state() == State::kBad;
      if (bad != refused) {
        INFO("byte " << byte << " at " << place);
        CHECK(bad == refused);
      }
    }
  }
}

TEST_CASE("a head that cannot end within the limit is too large") {
  CHECK(scan("a\r\n\r\n", 5).state == State::kEnd);
  CHECK(scan("a\r\n\r\n", 4) == Outcome{State::kTooLarge, 4});
  CHECK(scan("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 10) == Outcome{State::kTooLarge, 10});
}

}  // namespace relay::wire
