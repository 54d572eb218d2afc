// WebSocket frames (RFC 6455 §5): writing them, and reading messages out of bytes that arrive in pieces.
//
//     | FIN RSV1-3 opcode : 8 | MASK length7 : 8 | length : 0, 16 or 64 | mask : 0 or 32 | payload … |
//
// The writers are pure and safe from any thread; a frame without a mask is the same for every client, so a
// server encodes it once and shares it. A WsParser belongs to one thread. No I/O. Errors: kError with the
// close code to send (1002, 1007, 1009) and one line for people; the parser takes nothing more after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace relay::wire {

enum class WsOpcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

// RFC 6455 §7.4.1 and the IANA registry.
enum WsCloseCode : std::uint16_t {
  kWsNormal = 1000,
  kWsGoingAway = 1001,
  kWsProtocolError = 1002,
  kWsUnsupportedData = 1003,
  kWsNoStatus = 1005,  // never sent: stands for a close frame without a code
  kWsInvalidPayload = 1007,
  kWsPolicyViolation = 1008,
  kWsMessageTooBig = 1009,
  kWsInternalError = 1011,
  kWsServiceRestart = 1012,
  kWsTryAgainLater = 1013,
};

inline constexpr std::size_t kWsMaxControlBytes = 125;

// May stand in a close frame: 1000-1003, 1007-1014, 3000-4999.
bool is_sendable_close_code(std::uint16_t code);

// Appends one frame. Hot. `mask` (its bytes in network order) is for clients; `fin` is false for all but the
// last fragment of a message. Writes whatever it is told to, forbidden frames too: tests need them.
void append_frame(std::string& out, WsOpcode opcode, std::string_view payload,
                  std::optional<std::uint32_t> mask = {}, bool fin = true);

// The payload of a close frame; the reason is cut at a character to fit 123 bytes.
// REQUIRES: is_sendable_close_code(code) and the reason is UTF-8.
std::string close_payload(std::uint16_t code, std::string_view reason);

// XORs with the mask, `phase` bytes into it; eight bytes at a time.
void apply_ws_mask(char* data, std::size_t size, std::uint32_t mask, std::size_t phase);

struct WsEvent {
  enum class Kind : std::uint8_t { kNeedMore, kText, kBinary, kPing, kPong, kClose, kError };
  Kind kind = Kind::kNeedMore;
  std::uint16_t close_code = 0;  // kClose: 1005 if the frame had none. kError: what to close with
  std::string payload;           // kClose: the reason. kError: what is wrong
};

// Idle, it holds no heap memory: state lives on the heap only between the first byte of a frame or fragmented
// message that is not whole and its last.
class WsParser {
 public:
  enum class Role : std::uint8_t {
    kServer,
    kClient
  };  // a server requires masked frames, a client unmasked ones

  // Longer messages are refused as soon as a frame header shows it. REQUIRES: max_message_bytes < 4 GiB.
  WsParser(Role role, std::size_t max_message_bytes);
  WsParser(WsParser&&) noexcept;
  WsParser& operator=(WsParser&&) noexcept;
  ~WsParser();

  // Takes bytes from the front of `in` until there is an event. kNeedMore: all were taken. Control frames
  // come out between the fragments of a message. After kClose everything is taken and dropped (§5.5.1), after
  // kError the same error is repeated.
  WsEvent next(std::string_view& in);

  bool idle() const { return work_ == nullptr; }

 private:
  struct Work;
  struct Header;
  enum class Stage : std::uint8_t { kOpen, kClosed, kFailed };

  WsEvent fail(std::uint16_t code, const char* text);
  std::optional<WsEvent> check(const char* bytes, std::size_t have);
  std::optional<WsEvent> check_length(std::uint64_t length, std::size_t extended_bytes);
  std::optional<WsEvent> next_whole(std::string_view& in);
  std::optional<WsEvent> start_frame(std::string_view& in);
  std::optional<WsEvent> take_payload(std::string_view& in);
  std::optional<WsEvent> finish_frame();
  WsEvent control_event(WsOpcode opcode, std::string payload);
  WsEvent close_event(std::string payload);

  std::unique_ptr<Work> work_;
  const char* error_text_ = nullptr;  // static
  std::uint32_t max_message_bytes_;
  std::uint16_t error_code_ = 0;
  Role role_;
  Stage stage_ = Stage::kOpen;
};

}  // namespace relay::wire
