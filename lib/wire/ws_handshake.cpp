#include "wire/ws_handshake.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <stdexcept>

#include "base/bytes.hpp"

namespace relay::wire {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kKeyDigits = 22;  // of the 24 characters; the others are padding

bool is_base64_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

std::string accept_key(std::string_view key) {
  return base64_encode(sha1(std::string(key).append(kGuid)));
}

bool valid_handshake_key(std::string_view key) {
  return key.size() == kKeyDigits + 2 && key.substr(kKeyDigits) == "==" &&
         std::all_of(key.begin(), key.begin() + kKeyDigits, is_base64_digit);
}

std::string make_handshake_key() {
  std::array<char, kKeyBytes> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("getrandom gave no bytes");
  }
  return base64_encode({bytes.data(), bytes.size()});
}

WsHandshake check_handshake(const HttpRequest& request) {
  const HttpHeaders& headers = request.headers;
  if (!headers.has_token("Upgrade", "websocket")) return WsHandshake::kNotWebSocket;
  if (request.method != "GET" || request.version_minor != 1) return WsHandshake::kBadRequest;
  if (!headers.has_token("Connection", "upgrade")) return WsHandshake::kBadRequest;
  if (headers.find("Sec-WebSocket-Version") != "13") return WsHandshake::kBadVersion;
  const auto key = headers.find("Sec-WebSocket-Key");
  if (headers.count("Sec-WebSocket-Key") != 1 || !valid_handshake_key(*key)) return WsHandshake::kBadRequest;
  return WsHandshake::kOk;
}

std::vector<std::string_view> offered_subprotocols(const HttpRequest& request) {
  std::vector<std::string_view> offered;
  for (std::string_view list : request.header_all("Sec-WebSocket-Protocol")) {
    for (std::string_view name : split(list, ',')) {
      if (is_http_token(trim(name))) offered.push_back(trim(name));
    }
  }
  return offered;
}

void append_handshake_response(std::string& out, std::string_view key, std::string_view subprotocol) {
  assert(valid_handshake_key(key) && (subprotocol.empty() || is_http_token(subprotocol)));
  out.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  out.append("Sec-WebSocket-Accept: ").append(accept_key(key)).append("\r\n");
  if (!subprotocol.empty()) out.append("Sec-WebSocket-Protocol: ").append(subprotocol).append("\r\n");
  out.append("\r\n");
}

}  // namespace relay::wire
