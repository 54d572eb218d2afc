#include "client/ws_client.hpp"

#include <random>
#include <utility>

#include "base/bytes.hpp"
#include "wire/http_response.hpp"
#include "wire/ws_handshake.hpp"

namespace relay::client {

using wire::WsEvent;
using State = wire::HttpResponseParser::State;

namespace {

Error bad_handshake(std::string why) {
  return make_error(ErrorKind::kInternal, "bad_handshake", std::move(why));
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

}  // namespace

WsClient::WsClient(Socket socket, const WsOptions& options)
    : socket_(std::move(socket)),
      timeout_(options.timeout),
      parser_(wire::WsParser::Role::kClient, options.max_message_bytes),
      mask_state_(std::uint64_t{std::random_device()()} << 32 | std::random_device()()),
      answer_pings_(options.answer_pings) {}

Result<WsClient> WsClient::open(const Url& url, const WsOptions& options) {
  Result<Socket> socket = Socket::connect(url.endpoint, deadline_in(options.timeout));
  if (!socket) return socket.error();
  WsClient client(std::move(*socket), options);
  if (Result<void> done = client.shake_hands(url, options); !done) return done.error();
  return client;
}

Result<void> WsClient::shake_hands(const Url& url, const WsOptions& options) {
  const SteadyTime deadline = deadline_in(options.timeout);
  const std::string key = wire::make_handshake_key();
  HeaderList headers = {{"Upgrade", "websocket"},
                        {"Connection", "Upgrade"},
                        {"Sec-WebSocket-Key", key},
                        {"Sec-WebSocket-Version", "13"}};
  if (!options.subprotocols.empty())
    headers.emplace_back("Sec-WebSocket-Protocol", joined(options.subprotocols));
  headers.insert(headers.end(), options.headers.begin(), options.headers.end());
  const std::string request = format_request(url.endpoint, "GET", url.target, headers);
  if (Result<void> sent = socket_.send(request, deadline); !sent) return sent;
  return read_answer(key, deadline);
}

Result<void> WsClient::read_answer(const std::string& key, SteadyTime deadline) {
  wire::HttpResponseParser answer;
  std::string body;
  while (answer.state() == State::kNeedMore) {
    const Result<bool> more = socket_.receive(in_, deadline);
    if (!more) return more.error();
    if (*more) {
      in_.erase(0, answer.feed(in_, body));
    } else {
      answer.feed_end();
    }
  }
  return check_answer(answer, key, body);
}

Result<void> WsClient::check_answer(const wire::HttpResponseParser& answer, const std::string& key,
                                    const std::string& body) {
  if (!answer.head_complete()) return bad_handshake(std::string(answer.error_message()));
  if (answer.status() != 101) {
    return make_error(ErrorKind::kDenied, "handshake_refused", std::to_string(answer.status()) + " " + body);
  }
  headers_ = answer.headers();
  if (!headers_.has_token("Upgrade", "websocket") || !headers_.has_token("Connection", "upgrade")) {
    return bad_handshake("the server switched to another protocol");
  }
  if (headers_.find("Sec-WebSocket-Accept") != wire::accept_key(key))
    return bad_handshake("wrong Sec-WebSocket-Accept");
  subprotocol_ = headers_.find("Sec-WebSocket-Protocol").value_or("");
  return {};
}

Result<void> WsClient::send_close(std::uint16_t code, std::string_view reason) {
  close_sent_ = true;
  return send_frame(wire::WsOpcode::kClose, wire::close_payload(code, reason));
}

Result<void> WsClient::send_frame(wire::WsOpcode opcode, std::string_view payload, bool fin) {
  std::string frame;
  wire::append_frame(frame, opcode, payload, next_mask(), fin);
  return send_raw(frame);
}

Result<void> WsClient::send_raw(std::string_view bytes) {
  return socket_.send(bytes, deadline_in(timeout_));
}

Result<std::optional<WsEvent>> WsClient::next(Milliseconds timeout) {
  const SteadyTime deadline = deadline_in(timeout);
  while (!close_) {
    if (std::optional<WsEvent> event = take_event()) {
      if (event->kind != WsEvent::Kind::kError) return event;
      send_close(event->close_code, event->payload);
      close_ = WsEvent{WsEvent::Kind::kClose, kAbnormalClose, event->payload};
      return make_error(ErrorKind::kInternal, "bad_frame", event->payload);
    }
    const Result<bool> more = socket_.receive(in_, deadline);
    if (more && !*more) return std::optional(close_with({WsEvent::Kind::kClose, kAbnormalClose, {}}));
    if (more) continue;
    if (more.error().code == "timeout") return std::optional<WsEvent>();
    if (more.error().code == "connection_lost") {
      return std::optional(close_with({WsEvent::Kind::kClose, kAbnormalClose, more.error().message}));
    }
    return more.error();
  }
  return close_;
}

// The next event among the bytes at hand that is not answered here. Answers that cannot be sent are no error:
// the end of the connection will say it.
std::optional<WsEvent> WsClient::take_event() {
  while (true) {
    std::string_view rest = std::string_view(in_).substr(taken_);
    WsEvent event = parser_.next(rest);
    taken_ = in_.size() - rest.size();
    if (taken_ == in_.size()) {
      in_.clear();
      taken_ = 0;
    }
    if (event.kind == WsEvent::Kind::kNeedMore) return std::nullopt;
    if (event.kind == WsEvent::Kind::kClose) return close_with(std::move(event));
    if (event.kind != WsEvent::Kind::kPing || !answer_pings_) return event;
    send_frame(wire::WsOpcode::kPong, event.payload);
  }
}

WsEvent WsClient::close_with(WsEvent close) {
  const bool answer = !close_sent_ && close.close_code != kAbnormalClose;
  if (answer && close.close_code == wire::kWsNoStatus) send_frame(wire::WsOpcode::kClose, {});
  if (answer && close.close_code != wire::kWsNoStatus) send_close(close.close_code);
  close_sent_ = true;
  close_ = close;
  return close;
}

// splitmix64. A mask only has to be unlike the last one here: these clients are not browsers (RFC 6455
// §10.3).
std::uint32_t WsClient::next_mask() {
  std::uint64_t mixed = mask_state_ += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return static_cast<std::uint32_t>(mixed >> 32);
}

}  // namespace relay::client
