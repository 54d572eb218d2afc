// A blocking WebSocket client (RFC 6455): handshake, messages, and raw frame bytes for whoever must break the
// rules.
//
// One object per connection, one thread at a time. Errors: those of Socket; "handshake_refused" (kDenied)
// with the status and body of the refusal; "bad_handshake" and "bad_frame" (kInternal) for a server that
// breaks the protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/http_client.hpp"
#include "wire/websocket.hpp"

namespace relay::client {

struct WsOptions {
  HeaderList headers = {};
  std::vector<std::string> subprotocols = {};
  bool answer_pings = true;                // false: pings come out of next() instead
  Milliseconds timeout = kDefaultTimeout;  // for connecting, the handshake, and each send
  std::size_t max_message_bytes = 64 * 1024 * 1024;
};

class WsClient {
 public:
  static constexpr std::uint16_t kAbnormalClose = 1006;  // the connection ended without a close frame

  static Result<WsClient> open(const Url& url, const WsOptions& options = {});

  const std::string& subprotocol() const { return subprotocol_; }  // empty: none
  const wire::HttpHeaders& headers() const { return headers_; }

  Result<void> send_text(std::string_view text) { return send_frame(wire::WsOpcode::kText, text); }
  Result<void> send_binary(std::string_view bytes) { return send_frame(wire::WsOpcode::kBinary, bytes); }
  Result<void> send_ping(std::string_view payload = {}) { return send_frame(wire::WsOpcode::kPing, payload); }
  // Begins the closing handshake; next() gives the server's answer.
  Result<void> send_close(std::uint16_t code = wire::kWsNormal, std::string_view reason = {});
  // Any frame, with a fresh mask.
  Result<void> send_frame(wire::WsOpcode opcode, std::string_view payload, bool fin = true);
  Result<void> send_raw(std::string_view bytes);

  // The next message, pong, or close (answered if it was the server's); nothing when none came in time. The
  // end of the connection without a close frame is a close with kAbnormalClose. After a close: that close
  // again.
  Result<std::optional<wire::WsEvent>> next(Milliseconds timeout);
  bool closed() const { return close_.has_value(); }
  const Socket& socket() const { return socket_; }
  void abort() { socket_.close(); }

 private:
  WsClient(Socket socket, const WsOptions& options);
  Result<void> shake_hands(const Url& url, const WsOptions& options);
  Result<void> read_answer(const std::string& key, SteadyTime deadline);
  Result<void> check_answer(const wire::HttpResponseParser& answer, const std::string& key,
                            const std::string& body);
  std::optional<wire::WsEvent> take_event();
  wire::WsEvent close_with(wire::WsEvent close);
  std::uint32_t next_mask();

  Socket socket_;
  Milliseconds timeout_;
  wire::WsParser parser_;
  std::string in_;
  std::size_t taken_ = 0;  // of in_
  std::string subprotocol_;
  wire::HttpHeaders headers_;
  std::optional<wire::WsEvent> close_;
  std::uint64_t mask_state_;
  bool answer_pings_;
  bool close_sent_ = false;
};

}  // namespace relay::client
