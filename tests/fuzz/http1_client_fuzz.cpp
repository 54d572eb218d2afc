// The response parser: never more than it was given, the same verdict for every cut, and feed_end() always
// settles it.
#include <string>

#include "fuzz/fuzz.hpp"
#include "wire/http1_client.hpp"

namespace {

using relay::fuzz::promise;
using relay::wire::HttpResponseParser;

struct Reader {
  HttpResponseParser parser{512};
  std::string body;
  std::size_t taken = 0;

  void feed(std::string_view bytes) {
    const std::size_t now = parser.feed(bytes, body);
    promise(now <= bytes.size(), "no more is taken than there is");
    if (parser.state() == HttpResponseParser::State::kNeedMore)
      promise(now == bytes.size(), "all is taken before the end");
    taken += now;
  }
  std::string verdict() {
    std::string text =
        std::to_string(taken) + "{" + body + "}" + std::to_string(static_cast<int>(parser.state()));
    if (parser.head_complete()) text += std::to_string(parser.status()) + (parser.keep_alive() ? "k" : "c");
    parser.feed_end();
    promise(parser.state() != HttpResponseParser::State::kNeedMore,
            "the end of the connection settles a response");
    return text + std::to_string(static_cast<int>(parser.state()));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto [whole, halves] = relay::fuzz::Cuts<Reader>(relay::fuzz::cut(data, size));
  promise(whole.verdict() == halves.verdict(), "a response means the same however it is cut");
  return 0;
}
