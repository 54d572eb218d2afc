// Finds the end of an HTTP/1 message head in bytes that arrive in pieces, and refuses on the way what no head
// may contain: CR without LF, LF without CR, NUL and other controls, lines that begin with white space
// (obs-fold, RFC 9112 §2.2 and §5.2). Inside lib/wire only; one thread at a time.
//
// Hot: eight bytes at a time inside a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace relay::wire {

class HeadScan {
 public:
  enum class State : std::uint8_t { kMore, kEnd, kBad, kTooLarge };

  // REQUIRES: max_bytes > 0.
  explicit HeadScan(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Looks at bytes up to the end of the head at most; returns how many. Nothing after any state but kMore.
  std::size_t feed(std::string_view bytes);

  State state() const { return state_; }
  const char* error() const { return error_; }        // of kBad; static
  std::size_t blank_bytes() const { return blank_; }  // blank lines ahead of the first line
  bool in_first_line_or_later() const { return line_ != 0 || lines_seen_; }

 private:
  std::size_t skip_plain(std::string_view bytes) const;
  void take(char byte);
  void end_line();
  void refuse(const char* error);

  std::size_t max_bytes_;
  std::size_t total_ = 0;
  std::size_t line_ = 0;  // bytes of the current line
  std::size_t blank_ = 0;
  const char* error_ = nullptr;
  State state_ = State::kMore;
  bool after_cr_ = false;
  bool lines_seen_ = false;
};

}  // namespace relay::wire
