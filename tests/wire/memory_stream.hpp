// A connection without a network: reads come from a script in pieces, writes are kept, and the n-th operation
// fails as a broken connection does. One thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace relay::wire {

class MemoryStream {
 public:
  // Fails at operation `fail_at`, counted from 0, and at all after it.
  MemoryStream(std::string_view script, std::size_t piece_bytes, std::size_t fail_at)
      : script_(script), piece_bytes_(piece_bytes), fail_at_(fail_at) {}

  // Empty at the end of the script; nothing when the connection is broken.
  std::optional<std::string_view> read() {
    if (!step()) return std::nullopt;
    const std::string_view piece = script_.substr(0, piece_bytes_);
    script_.remove_prefix(piece.size());
    return piece;
  }

  bool write(std::string_view bytes) {
    if (!step()) return false;
    written_.append(bytes);
    return true;
  }

  const std::string& written() const { return written_; }
  bool broken() const { return steps_ > fail_at_; }

 private:
  bool step() {
    if (broken()) return false;
    return ++steps_ <= fail_at_;
  }

  std::string_view script_;
  std::size_t piece_bytes_;
  std::size_t fail_at_;
  std::size_t steps_ = 0;
  std::string written_;
};

}  // namespace relay::wire
