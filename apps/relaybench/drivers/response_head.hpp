// The head of an HTTP/1 response at the front of what was read: the one reading of it for streams and answers
// (RFC 9112 §4). Looks in place, copies nothing. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace relay::bench {

struct ResponseHead {
  int status = 0;  // 0: this is no HTTP
  bool chunked = false;
  bool closes = false;                        // the connection carries no further answer
  std::optional<std::size_t> content_length;  // nothing: the body ends otherwise
  std::size_t size = 0;                       // of the head, its blank line included
};

// Nothing: the head is not whole yet. Hot: once per answer of a publish.
std::optional<ResponseHead> read_head(std::string_view bytes);

inline constexpr std::size_t kMaxHeadBytes = 64 * 1024;

}  // namespace relay::bench
