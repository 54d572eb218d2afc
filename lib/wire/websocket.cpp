#include "wire/websocket.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace relay::wire {

namespace {

constexpr std::uint8_t kFinBit = 0x80;
constexpr std::uint8_t kReservedBits = 0x70;
constexpr std::uint8_t kOpcodeBits = 0x0f;
constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::uint8_t kLengthBits = 0x7f;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kMaxHeaderBytes = 14;
constexpr std::size_t kMaxReasonBytes = kWsMaxControlBytes - 2;

bool is_control(WsOpcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 0x8;
}

bool is_known(std::uint8_t opcode) {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

std::uint64_t read_big_endian(const char* bytes, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8 | static_cast<std::uint8_t>(bytes[i]);
  return number;
}

std::size_t length_bytes(std::uint8_t length7) {
  return length7 == kLength64 ? 8 : length7 == kLength16 ? 2 : 0;
}

// How long the header at `bytes` is, as far as its first `have` bytes tell: at least 2.
std::size_t header_size(const char* bytes, std::size_t have) {
  if (have < 2) return 2;
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  return 2 + length_bytes(second & kLengthBits) + ((second & kMaskBit) != 0 ? 4 : 0);
}

}  // namespace

bool is_sendable_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

void append_frame(std::string& out, WsOpcode opcode, std::string_view payload,
                  std::optional<std::uint32_t> mask, bool fin) {
  out.push_back(static_cast<char>((fin ? kFinBit : 0) | static_cast<std::uint8_t>(opcode)));
  const std::uint8_t mask_bit = mask ? kMaskBit : 0;
  if (payload.size() < kLength16) {
    out.push_back(static_cast<char>(mask_bit | payload.size()));
  } else if (payload.size() <= std::numeric_limits<std::uint16_t>::max()) {
    out.push_back(static_cast<char>(mask_bit | kLength16));
    append_big_endian(out, payload.size(), 2);
  } else {
    out.push_back(static_cast<char>(mask_bit | kLength64));
    append_big_endian(out, payload.size(), 8);
  }
  if (mask) append_big_endian(out, *mask, 4);
  out.append(payload);
  if (mask) apply_ws_mask(out.data() + out.size() - payload.size(), payload.size(), *mask, 0);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  assert(is_sendable_close_code(code) && is_utf8(reason));
  std::size_t size = std::min(reason.size(), kMaxReasonBytes);
  const auto inside_character = [&] {
    return size < reason.size() && (static_cast<std::uint8_t>(reason[size]) & 0xC0) == 0x80;
  };
  while (inside_character()) --size;
  std::string payload;
  append_big_endian(payload, code, 2);
  payload.append(reason.substr(0, size));
  return payload;
}

void apply_ws_mask(char* data, std::size_t size, std::uint32_t mask, std::size_t phase) {
  std::array<char, 8> pattern;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    pattern[i] = static_cast<char>(mask >> (24 - 8 * ((phase + i) % 4)));
  }
  std::uint64_t wide_pattern;
  std::memcpy(&wide_pattern, pattern.data(), sizeof wide_pattern);
  std::size_t done = 0;
  for (std::uint64_t word; done + sizeof word <= size; done += sizeof word) {
    std::memcpy(&word, data + done, sizeof word);
    word ^= wide_pattern;
    std::memcpy(data + done, &word, sizeof word);
  }
  for (; done < size; ++done) data[done] ^= pattern[done % pattern.size()];
}

// REQUIRES (read): the header is whole at `bytes`.
struct WsParser::Header {
  std::uint64_t length = 0;
  std::uint32_t mask = 0;
  WsOpcode opcode = WsOpcode::kContinuation;
  bool fin = false;
  bool masked = false;

  static Header read(const char* bytes) {
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    const auto second = static_cast<std::uint8_t>(bytes[1]);
    const std::size_t extended = length_bytes(second & kLengthBits);
    Header header;
    header.fin = (first & kFinBit) != 0;
    header.opcode = static_cast<WsOpcode>(first & kOpcodeBits);
    header.masked = (second & kMaskBit) != 0;
    header.length = extended == 0 ? second & kLengthBits : read_big_endian(bytes + 2, extended);
    if (header.masked) header.mask = static_cast<std::uint32_t>(read_big_endian(bytes + 2 + extended, 4));
    return header;
  }
};

struct WsParser::Work {
  std::array<char, kMaxHeaderBytes> header_bytes;
  std::uint8_t header_have = 0;
  bool in_payload = false;
  WsOpcode message_opcode = WsOpcode::kContinuation;  // of the message in progress; kContinuation: none
  Utf8Checker utf8;
  Header frame;
  std::uint64_t left = 0;  // of the frame's payload
  std::string control;
  std::string message;

  bool in_message() const { return message_opcode != WsOpcode::kContinuation; }
};

WsParser::WsParser(Role role, std::size_t max_message_bytes)
    : max_message_bytes_(static_cast<std::uint32_t>(max_message_bytes)), role_(role) {
  assert(max_message_bytes <= std::numeric_limits<std::uint32_t>::max());
}
WsParser::WsParser(WsParser&&) noexcept = default;
WsParser& WsParser::operator=(WsParser&&) noexcept = default;
WsParser::~WsParser() = default;

WsEvent WsParser::next(std::string_view& in) {
  while (true) {
    if (stage_ == Stage::kFailed) return fail(error_code_, error_text_);
    if (stage_ == Stage::kClosed) in = {};
    if (work_ == nullptr) {
      if (in.empty()) return {};
      if (std::optional<WsEvent> event = next_whole(in)) return std::move(*event);
      work_ = std::make_unique<Work>();
    }
    if (!work_->in_payload) {
      if (std::optional<WsEvent> event = start_frame(in)) return std::move(*event);
      if (!work_->in_payload) return {};
    }
    if (std::optional<WsEvent> event = take_payload(in)) return std::move(*event);
    if (work_->in_payload) return {};
  }
}

WsEvent WsParser::fail(std::uint16_t code, const char* text) {
  stage_ = Stage::kFailed;
  error_code_ = code;
  error_text_ = text;
  work_.reset();
  return {WsEvent::Kind::kError, code, text};
}

// Everything that the first `have` bytes of a frame header can show to be wrong, in the order of the bytes,
// so that the verdict does not depend on how they were cut.
std::optional<WsEvent> WsParser::check(const char* bytes, std::size_t have) {
  const auto first = static_cast<std::uint8_t>(bytes[0]);
  const auto opcode = static_cast<WsOpcode>(first & kOpcodeBits);
  const bool in_message = work_ != nullptr && work_->in_message();
  if ((first & kReservedBits) != 0) return fail(kWsProtocolError, "a reserved bit is set");
  if (!is_known(first & kOpcodeBits)) return fail(kWsProtocolError, "an unknown opcode");
  if (is_control(opcode)) {
    if ((first & kFinBit) == 0) return fail(kWsProtocolError, "a control frame is fragmented");
  } else if (in_message != (opcode == WsOpcode::kContinuation)) {
    return fail(kWsProtocolError,
                in_message ? "a new message inside a fragmented one" : "a continuation without a message");
  }
  if (have < 2) return std::nullopt;
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  if (((second & kMaskBit) != 0) != (role_ == Role::kServer)) {
    return fail(kWsProtocolError, role_ == Role::kServer ? "a frame from a client is not masked"
                                                         : "a frame from a server is masked");
  }
  const std::uint8_t length7 = second & kLengthBits;
  if (is_control(opcode) && length7 > kWsMaxControlBytes) {
    return fail(kWsProtocolError, "a control frame is longer than 125 bytes");
  }
  const std::size_t extended = length_bytes(length7);
  if (is_control(opcode) || have < 2 + extended) return std::nullopt;
  return check_length(extended == 0 ? length7 : read_big_endian(bytes + 2, extended), extended);
}

std::optional<WsEvent> WsParser::check_length(std::uint64_t length, std::size_t extended_bytes) {
  const std::uint64_t least = extended_bytes == 8 ? 0x10000 : extended_bytes == 2 ? kLength16 : 0;
  if (length < least || length >> 63 != 0) return fail(kWsProtocolError, "a length is not minimally encoded");
  const std::uint64_t before = work_ == nullptr ? 0 : work_->message.size();
  if (length > max_message_bytes_ - before) return fail(kWsMessageTooBig, "the message is too big");
  return std::nullopt;
}

// Hot: a frame that is a message by itself and lies whole in `in` touches no state. Nothing if it is not so.
std::optional<WsEvent> WsParser::next_whole(std::string_view& in) {
  const std::size_t size = header_size(in.data(), in.size());
  if (std::optional<WsEvent> error = check(in.data(), std::min(in.size(), size))) return error;
  if (in.size() < size) return std::nullopt;
  const Header header = Header::read(in.data());
  if (!header.fin || in.size() - size < header.length) return std::nullopt;
  std::string payload(in.substr(size, static_cast<std::size_t>(header.length)));
  in.remove_prefix(size + payload.size());
  if (header.masked) apply_ws_mask(payload.data(), payload.size(), header.mask, 0);
  if (is_control(header.opcode)) return control_event(header.opcode, std::move(payload));
  if (header.opcode == WsOpcode::kBinary) return WsEvent{WsEvent::Kind::kBinary, 0, std::move(payload)};
  if (!is_utf8(payload)) return fail(kWsInvalidPayload, "a text message is not UTF-8");
  return WsEvent{WsEvent::Kind::kText, 0, std::move(payload)};
}

std::optional<WsEvent> WsParser::start_frame(std::string_view& in) {
  Work& work = *work_;
  std::size_t wanted = header_size(work.header_bytes.data(), work.header_have);
  while (work.header_have < wanted && !in.empty()) {
    work.header_bytes[work.header_have++] = in.front();
    in.remove_prefix(1);
    if (std::optional<WsEvent> error = check(work.header_bytes.data(), work.header_have)) return error;
    wanted = header_size(work.header_bytes.data(), work.header_have);
  }
  if (work.header_have < wanted) return std::nullopt;
  work.frame = Header::read(work.header_bytes.data());
  work.header_have = 0;
  work.left = work.frame.length;
  work.in_payload = true;
  const bool begins_message = work.frame.opcode == WsOpcode::kText || work.frame.opcode == WsOpcode::kBinary;
  if (begins_message) work.message_opcode = work.frame.opcode;
  return std::nullopt;
}

std::optional<WsEvent> WsParser::take_payload(std::string_view& in) {
  Work& work = *work_;
  const bool control = is_control(work.frame.opcode);
  std::string& payload = control ? work.control : work.message;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(work.left, in.size()));
  const std::size_t start = payload.size();
  payload.append(in.substr(0, size));
  in.remove_prefix(size);
  if (work.frame.masked) {
    const auto phase = static_cast<std::size_t>((work.frame.length - work.left) % 4);
    apply_ws_mask(payload.data() + start, size, work.frame.mask, phase);
  }
  work.left -= size;
  const bool text = !control && work.message_opcode == WsOpcode::kText;
  if (text && !work.utf8.feed(std::string_view(payload).substr(start))) {
    return fail(kWsInvalidPayload, "a text message is not UTF-8");
  }
  if (work.left != 0) return std::nullopt;
  return finish_frame();
}

std::optional<WsEvent> WsParser::finish_frame() {
  Work& work = *work_;
  work.in_payload = false;
  if (is_control(work.frame.opcode)) {
    const WsOpcode opcode = work.frame.opcode;
    std::string payload = std::exchange(work.control, {});
    if (!work.in_message()) work_.reset();
    return control_event(opcode, std::move(payload));
  }
  if (!work.frame.fin) return std::nullopt;
  const bool text = work.message_opcode == WsOpcode::kText;
  if (text && !work.utf8.complete()) return fail(kWsInvalidPayload, "a text message is not UTF-8");
  WsEvent event{text ? WsEvent::Kind::kText : WsEvent::Kind::kBinary, 0, std::move(work.message)};
  work_.reset();
  return event;
}

WsEvent WsParser::control_event(WsOpcode opcode, std::string payload) {
  if (opcode == WsOpcode::kPing) return {WsEvent::Kind::kPing, 0, std::move(payload)};
  if (opcode == WsOpcode::kPong) return {WsEvent::Kind::kPong, 0, std::move(payload)};
  return close_event(std::move(payload));
}

WsEvent WsParser::close_event(std::string payload) {
  std::uint16_t code = kWsNoStatus;
  if (!payload.empty()) {
    if (payload.size() == 1) return fail(kWsProtocolError, "a close frame of one byte");
    code = static_cast<std::uint16_t>(read_big_endian(payload.data(), 2));
    if (!is_sendable_close_code(code)) return fail(kWsProtocolError, "a close code that must not be sent");
    payload.erase(0, 2);
    if (!is_utf8(payload)) return fail(kWsInvalidPayload, "a close reason is not UTF-8");
  }
  stage_ = Stage::kClosed;
  work_.reset();
  return {WsEvent::Kind::kClose, code, std::move(payload)};
}

}  // namespace relay::wire
