// The WebSocket opening handshake over HTTP/1.1 (RFC 6455 §4). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http1.hpp"

namespace relay::wire {

// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);
// Whether it is the base64 of 16 bytes.
bool valid_handshake_key(std::string_view key);
// A fresh random Sec-WebSocket-Key.
std::string make_handshake_key();

enum class WsHandshake : std::uint8_t {
  kOk,
  kNotWebSocket,  // no "Upgrade: websocket": an ordinary request (426 if only a WebSocket is served there)
  kBadVersion,    // answer 426 with "Sec-WebSocket-Version: 13"
  kBadRequest,    // 400: not a GET of HTTP/1.1, no "Connection: Upgrade", a key missing, doubled or malformed
};
WsHandshake check_handshake(const HttpRequest& request);

// The subprotocols the client offers, in its order.
std::vector<std::string_view> offered_subprotocols(const HttpRequest& request);

// Appends the 101 answer; `subprotocol` empty: none chosen. REQUIRES: check_handshake() said kOk for the
// request of this key.
void append_handshake_response(std::string& out, std::string_view key, std::string_view subprotocol = {});

}  // namespace relay::wire
