// A parsed request stream as text, so that a test can compare it in one glance.
#pragma once

#include <string>

#include "wire/http1.hpp"
#include "wire/pieces.hpp"

namespace relay::wire {

inline std::string describe(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + " 1." + std::to_string(request.version_minor);
  text += request.keep_alive ? " keep" : " close";
  if (request.expect_continue) text += " expect";
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    text.append(" ").append(name).append("=[").append(value).append("]");
  }
  if (!request.body.empty()) text += " {" + request.body + "}";
  return text;
}

// One line for each request, and how the stream ended: "more", "idle" (more, but no byte of a request seen)
// or the refusal.
inline std::string parse_all(const Pieces& pieces, HttpLimits limits = {}) {
  HttpRequestParser parser(limits);
  std::string text;
  for (std::string_view piece : pieces) {
    while (!piece.empty() && parser.state() != HttpRequestParser::State::kFailed) {
      piece.remove_prefix(parser.feed(piece));
      if (parser.state() == HttpRequestParser::State::kDone) text += describe(parser.take_request()) + "\n";
    }
  }
  if (parser.state() != HttpRequestParser::State::kFailed) return text + (parser.started() ? "more" : "idle");
  return text + std::to_string(parser.error_status()) + " " + std::string(parser.error_message());
}

inline std::string parse_every_cut(std::string_view input, HttpLimits limits = {}) {
  return same_for_every_cut(input, [&](const Pieces& pieces) { return parse_all(pieces, limits); });
}

}  // namespace relay::wire
