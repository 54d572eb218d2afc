// The request parser: never more than it was given or than its limits, the same verdict for every cut, and
// what comes out is free of what could smuggle.
#include <string>

#include "fuzz/fuzz.hpp"
#include "wire/http1.hpp"

namespace {

using relay::fuzz::promise;
using relay::wire::HttpRequest;
using relay::wire::HttpRequestParser;

constexpr relay::wire::HttpLimits kLimits{512, 256};

void check_request(const HttpRequest& request) {
  promise(request.body.size() <= kLimits.max_body_bytes, "the body is within its limit");
  promise(relay::wire::is_http_token(request.method), "the method is a token");
  promise(!request.target.empty() && request.target.find(' ') == std::string::npos, "the target is one word");
  promise(request.version_minor == 0 || request.version_minor == 1, "the version is 1.0 or 1.1");
  promise(request.headers.count("Host") <= 1, "there is one Host at most");
  promise(request.headers.count("Content-Length") + request.headers.count("Transfer-Encoding") <= 1,
          "one field at most says where the body ends");
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    promise(relay::wire::is_http_token(request.headers.at(i).name), "field names are tokens");
    promise(relay::wire::is_http_field_value(request.headers.at(i).value), "field values have no controls");
  }
  promise(request.path().size() + request.query().size() <= request.target.size() + 1,
          "path and query are parts");
}

struct Reader {
  HttpRequestParser parser{kLimits};
  std::string seen;

  void feed(std::string_view bytes) {
    while (!bytes.empty() && parser.state() != HttpRequestParser::State::kFailed) {
      const std::size_t taken = parser.feed(bytes);
      promise(taken > 0 && taken <= bytes.size(),
              "an open parser takes something, and no more than there is");
      bytes.remove_prefix(taken);
      if (parser.state() != HttpRequestParser::State::kDone) continue;
      const HttpRequest request = parser.take_request();
      check_request(request);
      seen += request.method + " " + request.target + " {" + request.body + "}";
    }
  }
  std::string verdict() const {
    if (parser.state() != HttpRequestParser::State::kFailed)
      return seen + (parser.started() ? "more" : "idle");
    return seen + std::to_string(parser.error_status()) + std::string(parser.error_message());
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [whole, halves] = relay::fuzz::Cuts<Reader>(relay::fuzz::cut(data, size));
  promise(whole.verdict() == halves.verdict(), "a request stream means the same however it is cut");
  return 0;
}
