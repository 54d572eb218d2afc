#include "wire/chunked.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

#include "base/hex.hpp"

namespace relay::wire {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

void append_chunk(std::string& out, std::string_view payload) {
  assert(!payload.empty());
  std::array<char, 16> hex;
  const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), payload.size(), 16).ptr;
  out.append(hex.data(), end).append("\r\n").append(payload).append("\r\n");
}

std::string as_chunk(std::string_view payload) {
  std::string chunk;
  chunk.reserve(payload.size() + 12);
  append_chunk(chunk, payload);
  return chunk;
}

std::string_view chunk_payload(std::string_view chunk) {
  const std::size_t line_end = chunk.find("\r\n");
  assert(line_end != std::string_view::npos && chunk.size() >= line_end + 4);
  return chunk.substr(line_end + 2, chunk.size() - line_end - 4);
}

std::size_t ChunkDecoder::feed(std::string_view bytes, std::string& body) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ == State::kMore) {
    if (step_ == Step::kData) {
      taken += take_data(bytes.substr(taken), body);
    } else {
      take(bytes[taken++]);
    }
  }
  return taken;
}

std::size_t ChunkDecoder::take_data(std::string_view bytes, std::string& body) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  body.append(bytes.data(), size);
  left_ -= size;
  if (left_ == 0) step_ = Step::kDataCr;
  return size;
}

void ChunkDecoder::take(char byte) {
  switch (step_) {
    case Step::kSize:
      return take_size(byte);
    case Step::kExtension:
      return take_extension(byte);
    case Step::kSizeLf:
      return end_size_line(byte);
    case Step::kDataCr:
      return expect(byte, '\r', Step::kDataLf);
    case Step::kDataLf:
      return expect(byte, '\n', Step::kSize);
    case Step::kTrailer:
      return take_trailer(byte);
    case Step::kTrailerLf:
      return end_trailer_line(byte);
    case Step::kData:
      break;  // taken in runs by take_data()
  }
}

void ChunkDecoder::take_size(char byte) {
  if (const int digit = hex_value(byte); digit >= 0) {
    if (left_ >> 60 != 0) return stop(State::kBad);
    if (left_ == 0 && line_ != 0) take_overhead();
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    ++line_;
    return;
  }
  if (line_ == 0) return stop(State::kBad);
  if (byte == ';') {
    step_ = Step::kExtension;
  } else {
    expect(byte, '\r', Step::kSizeLf);
  }
}

void ChunkDecoder::take_extension(char byte) {
  if (byte == '\r') {
    step_ = Step::kSizeLf;
  } else if (is_control(byte)) {
    stop(State::kBad);
  } else {
    take_overhead();
  }
}

void ChunkDecoder::end_size_line(char byte) {
  expect(byte, '\n', left_ == 0 ? Step::kTrailer : Step::kData);
  line_ = 0;
  if (state_ != State::kMore) return;
  if (left_ > room_) return stop(State::kTooLarge);
  room_ -= left_;
}

void ChunkDecoder::take_trailer(char byte) {
  if (byte == '\r') {
    step_ = Step::kTrailerLf;
    return;
  }
  const bool folded = line_ == 0 && (byte == ' ' || byte == '\t');
  if (folded || is_control(byte)) return stop(State::kBad);
  ++line_;
  take_overhead();
}

void ChunkDecoder::end_trailer_line(char byte) {
  expect(byte, '\n', Step::kTrailer);
  if (state_ == State::kMore && line_ == 0) stop(State::kDone);
  line_ = 0;
}

void ChunkDecoder::expect(char byte, char wanted, Step then) {
  if (byte != wanted) return stop(State::kBad);
  step_ = then;
}

void ChunkDecoder::take_overhead() {
  if (++overhead_ > kMaxOverheadBytes) stop(State::kTooLarge);
}

}  // namespace relay::wire
