// The chunked transfer coding (RFC 9112 §7.1): writing chunks and reading a chunked body that arrives in pieces.
//
//     chunk      = hex-size [ ;extensions ] CRLF bytes CRLF
//     last chunk = "0" [ ;extensions ] CRLF *( trailer field CRLF ) CRLF
//
// Strict: lines end in CRLF only, no white space around the size, no control characters anywhere in a line.
// Extensions and trailers are read past and dropped, within kMaxLineBytes a line and kMaxTrailerBytes in all.
// Beast's own chunk reader is not used: fed byte by byte it runs into its assertions ("0\r\n" then "\r"), and
// it takes bare LF and NUL inside quoted extension values. No I/O; one decoder belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::wire {

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// REQUIRES (all three writers): payload is not empty: an empty chunk would end the body.
void append_chunk(std::string& out, std::string_view payload);
std::string as_chunk(std::string_view payload);
// The payload inside bytes made by as_chunk(): the same shared frame serves HTTP/1.0 clients unchunked.
// REQUIRES: `chunk` was made by as_chunk().
std::string_view chunk_payload(std::string_view chunk);

class ChunkDecoder {
 public:
  enum class State : std::uint8_t { kMore, kDone, kBad, kTooLarge };
  static constexpr std::size_t kMaxLineBytes = 4 * 1024;
  static constexpr std::size_t kMaxTrailerBytes = 16 * 1024;

  // At most `max_body_bytes` of decoded body; a chunk that would pass it is kTooLarge as soon as its size is read.
  explicit ChunkDecoder(std::size_t max_body_bytes) : room_(max_body_bytes) {}

  // Takes bytes up to the end of the body at most, appends what they decode to. Returns how many were taken.
  // After kDone, kBad or kTooLarge nothing more is taken.
  std::size_t feed(std::string_view bytes, std::string& body);
  State state() const { return state_; }

 private:
  enum class Step : std::uint8_t { kSize, kExtension, kSizeLf, kData, kDataCr, kDataLf, kTrailer };
  bool take_line_byte(char byte);
  bool end_of_size_line();
  bool take_size_byte(char byte);
  bool take_trailer_byte(char byte);

  std::uint64_t left_ = 0;  // of the chunk being read; its size while the size line is being read
  std::uint64_t room_;      // of the limit
  std::size_t line_ = 0;    // bytes of the current line
  std::size_t trailer_ = 0;
  State state_ = State::kMore;
  Step step_ = Step::kSize;
  bool after_cr_ = false;
};

}  // namespace relay::wire
