// The chunked transfer coding (RFC 9112 §7.1): writing chunks and reading a chunked body that arrives in
// pieces.
//
//     chunk      = hex-size [ ;extensions ] CRLF bytes CRLF
//     last chunk = "0" [ ;extensions ] CRLF *( trailer field CRLF ) CRLF
//
// Strict: lines end in CRLF only, no white space around the size, no control characters anywhere in a line.
// Extensions and trailers are read past and dropped, kMaxOverheadBytes of them in one body: without that
// bound one-byte chunks with long extensions would cost far more than the body limit lets through. Beast's
// own chunk reader is not used: fed byte by byte it runs into its assertions ("0\r\n" then "\r"), and it
// takes bare LF and NUL inside quoted extension values. No I/O; one decoder belongs to one thread at a time.
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
  static constexpr std::size_t kMaxOverheadBytes = 16 * 1024;

  // At most `max_body_bytes` of decoded body; a chunk that would pass it is kTooLarge as soon as its size is
  // read.
  explicit ChunkDecoder(std::size_t max_body_bytes) : room_(max_body_bytes) {}

  // Takes bytes up to the end of the body at most, appends what they decode to. Returns how many were taken.
  // After kDone, kBad or kTooLarge nothing more is taken.
  std::size_t feed(std::string_view bytes, std::string& body);
  State state() const { return state_; }

 private:
  enum class Step : std::uint8_t {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kTrailerLf
  };

  std::size_t take_data(std::string_view bytes, std::string& body);
  void take(char byte);
  void take_size(char byte);
  void take_extension(char byte);
  void end_size_line(char byte);
  void take_trailer(char byte);
  void end_trailer_line(char byte);
  void expect(char byte, char wanted, Step then);
  void take_overhead();
  void stop(State state) { state_ = state; }

  std::uint64_t left_ = 0;      // of the chunk being read; its size while the size line is being read
  std::uint64_t room_;          // of the limit
  std::size_t line_ = 0;        // bytes of the current size or trailer line
  std::uint32_t overhead_ = 0;  // bytes of extensions, trailers and leading zeros
  State state_ = State::kMore;
  Step step_ = Step::kSize;
};

}  // namespace relay::wire
