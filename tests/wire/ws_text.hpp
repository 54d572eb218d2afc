// A parsed frame stream as text, and frames put together by hand.
#pragma once

#include <string>

#include "wire/pieces.hpp"
#include "wire/websocket.hpp"

namespace relay::wire {

inline constexpr std::uint32_t kTestMask = 0xA1B2C3D4;

inline std::string describe(const WsEvent& event) {
  static constexpr const char* kNames[] = {"more", "text", "binary", "ping", "pong", "close", "error"};
  std::string text = kNames[static_cast<int>(event.kind)];
  if (event.close_code != 0) text += " " + std::to_string(event.close_code);
  if (event.kind == WsEvent::Kind::kError) return text + "\n";
  return text + " [" + event.payload + "]\n";
}

// One line for each event; after an error nothing.
inline std::string read_frames(const Pieces& pieces, WsParser::Role role, std::size_t max_message_bytes) {
  WsParser parser(role, max_message_bytes);
  std::string text;
  for (std::string_view piece : pieces) {
    while (true) {
      const WsEvent event = parser.next(piece);
      if (event.kind == WsEvent::Kind::kNeedMore) break;
      text += describe(event);
      if (event.kind == WsEvent::Kind::kError) return text;
    }
    if (!piece.empty()) return text + "bytes left\n";
  }
  return text + (parser.idle() ? "idle" : "inside");
}

inline std::string read_every_cut(std::string_view input, WsParser::Role role = WsParser::Role::kServer,
                                  std::size_t max_message_bytes = 1 << 20) {
  return same_for_every_cut(
      input, [&](const Pieces& pieces) { return read_frames(pieces, role, max_message_bytes); });
}

// A frame as a client sends it.
inline std::string frame(WsOpcode opcode, std::string_view payload, bool fin = true) {
  std::string out;
  append_frame(out, opcode, payload, kTestMask, fin);
  return out;
}

inline std::string close_frame(std::uint16_t code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return frame(WsOpcode::kClose, payload.append(reason));
}

}  // namespace relay::wire
