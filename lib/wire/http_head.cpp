#include "wire/http_head.hpp"

#include <algorithm>

#include "base/word.hpp"

namespace relay::wire {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

std::size_t HeadScan::feed(std::string_view bytes) {
  bytes = bytes.substr(0, max_bytes_ - total_);
  std::size_t seen = 0;
  while (seen < bytes.size() && state_ == State::kMore) {
    if (line_ != 0 && !after_cr_) {
      const std::size_t plain = skip_plain(bytes.substr(seen));
      seen += plain;
      line_ += plain;
      if (seen == bytes.size()) break;
      if (bytes.substr(seen, 2) == "\r\n") {
        seen += 2;
        end_line();
        continue;
      }
    }
    take(bytes[seen++]);
  }
  total_ += seen;
  if (state_ == State::kMore && total_ == max_bytes_) state_ = State::kTooLarge;
  return seen;
}

std::size_t HeadScan::skip_plain(std::string_view bytes) const {
  std::size_t size = 0;
  for (; size + kWordBytes <= bytes.size(); size += kWordBytes) {
    const std::uint64_t word = load_word(bytes.data() + size);
    const std::uint64_t controls = mark_controls(word);
    if (controls != 0) return size + bytes_before(controls);
  }
  return size;
}

void HeadScan::take(char byte) {
  if (after_cr_) {
    if (byte != '\n') return refuse("a CR without LF in the head");
    return end_line();
  }
  if (byte == '\r') {
    after_cr_ = true;
    return;
  }
  if (byte == '\n') return refuse("a line of the head ends in LF without CR");
  if (is_control(byte)) return refuse("a control character in the head");
  if (line_ == 0 && (byte == ' ' || byte == '\t'))
    return refuse("a line of the head begins with white space");
  ++line_;
}

void HeadScan::end_line() {
  after_cr_ = false;
  if (line_ != 0) {
    lines_seen_ = true;
    line_ = 0;
  } else if (lines_seen_) {
    state_ = State::kEnd;
  } else {
    blank_ += 2;
  }
}

void HeadScan::refuse(const char* error) {
  state_ = State::kBad;
  error_ = error;
}

}  // namespace relay::wire
