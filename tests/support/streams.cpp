#include "support/streams.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "wire/ws_handshake.hpp"

namespace relay::test {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr std::uint32_t kMask = 0x1f2e3d4c;

bool is_ws(Wire wire) {
  return wire == Wire::kWsJson || wire == Wire::kWsRaw;
}

std::string target_of(Wire wire, std::string_view query) {
  std::string target = is_ws(wire) ? "/v1/ws?" : "/v1/events?";
  target += query;
  if (wire == Wire::kSseJson) target += "&format=json";
  if (wire == Wire::kWsRaw) target += "&format=raw";
  return target;
}

std::string payload_text(const Json& data) {
  return data.is_string() ? data.get<std::string>() : data.dump();
}

}  // namespace

Stream::Stream(std::uint16_t port, Wire wire, std::string_view query, HeaderList headers)
    : wire_(wire),
      fd_(connect_loopback(port)),
      sse_(wire::SseParser::Report::kMessages),
      ws_(wire::WsParser::Role::kClient, 16 * 1024 * 1024) {
  if (is_ws(wire)) {
    headers.insert(headers.end(), {{"Connection", "Upgrade"},
                                   {"Upgrade", "websocket"},
                                   {"Sec-WebSocket-Version", "13"},
                                   {"Sec-WebSocket-Key", wire::make_handshake_key()}});
  }
  send_bytes(format_request("GET", target_of(wire, query), headers));
}

Stream::~Stream() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Stream::header(std::string_view name) const {
  return http_.head_complete() ? std::string(http_.headers().find(name).value_or("")) : std::string();
}

std::size_t Stream::count(Item::Kind kind) const {
  return static_cast<std::size_t>(
      std::count_if(items_.begin(), items_.end(), [&](const Item& item) { return item.kind == kind; }));
}

const Item* Stream::find(std::string_view event) const {
  const auto found = std::find_if(items_.rbegin(), items_.rend(), [&](const Item& item) {
    return item.kind == Item::Kind::kOther && item.event == event;
  });
  return found == items_.rend() ? nullptr : &*found;
}

void Stream::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the end shows when reading
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Stream::send_frame(wire::WsOpcode opcode, std::string_view payload, bool fin) {
  std::string frame;
  wire::append_frame(frame, opcode, payload, kMask, fin);
  send_bytes(frame);
}

void Stream::send_text(std::string_view text) {
  send_frame(wire::WsOpcode::kText, text);
}

void Stream::read() {
  char buffer[65536];
  const ssize_t got = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got > 0) return take({buffer, static_cast<std::size_t>(got)});
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  end(clean_);
}

void Stream::end(bool clean) {
  if (ended_) return;
  ended_ = true;
  clean_ = clean;
  ended_at_ = Clock::now();
}

void Stream::take(std::string_view bytes) {
  if (status_ == 101) return take_body(bytes);
  std::string body;
  const std::size_t taken = http_.feed(bytes, body);
  if (status_ == 0 && http_.head_complete()) status_ = http_.status();
  if (status_ == 101) return take_body(bytes.substr(taken));
  if (status_ != 200) {
    body_ += body;
  } else {
    take_body(body);
  }
  if (http_.state() == wire::HttpResponseParser::State::kDone) clean_ = true;
}

void Stream::take_body(std::string_view bytes) {
  if (!is_ws(wire_)) {
    sse_.feed(bytes, [this](wire::SseEvent&& event) { take_sse(std::move(event)); });
    return;
  }
  while (!bytes.empty()) {
    const wire::WsEvent event = ws_.next(bytes);
    if (event.kind == wire::WsEvent::Kind::kText && wire_ == Wire::kWsJson) take_json(event.payload, {}, {});
    if (event.kind == wire::WsEvent::Kind::kText && wire_ == Wire::kWsRaw) {
      add({.kind = Item::Kind::kMessage, .data = event.payload});
    }
    if (event.kind == wire::WsEvent::Kind::kBinary)
      add({.kind = Item::Kind::kMessage, .event = "binary", .data = event.payload});
    if (event.kind == wire::WsEvent::Kind::kPing) send_frame(wire::WsOpcode::kPong, event.payload);
    if (event.kind == wire::WsEvent::Kind::kPong) add({.event = "PONG", .data = event.payload});
    if (event.kind == wire::WsEvent::Kind::kClose) {
      close_code_ = event.close_code;
      clean_ = true;
    }
    if (event.kind == wire::WsEvent::Kind::kError) return end(false);
  }
}

void Stream::take_sse(wire::SseEvent event) {
  if (event.kind != wire::SseEvent::Kind::kMessage) return;
  if (wire_ == Wire::kSseJson || event.event == "gap") return take_json(event.data, event.event, event.id);
  add({.kind = Item::Kind::kMessage,
       .event = event.event == "message" ? "" : event.event,
       .data = event.data,
       .id = parse_id(event.id).value_or(0)});
}

void Stream::take_json(std::string_view text, std::string_view sse_event, std::string_view) {
  const Json json = Json::parse(text);
  const std::string type = sse_event == "gap" ? "gap" : json.value("type", "");
  Item item;
  item.channel = json.value("channel", "");
  item.data = std::string(text);
  item.event = type;
  item.recovered = json.value("recovered", false);
  item.cursor = json.value("cursor", "");
  if (type == "gap") {
    item.kind = Item::Kind::kGap;
    item.id = json.at("after").get<MessageId>();
    item.first = json.at("first").get<MessageId>();
  } else if (type == "message") {
    item.kind = Item::Kind::kMessage;
    item.id = json.value("id", MessageId{0});
    item.event = json.value("event", "");
    item.data = payload_text(json.at("data"));
  } else if (json.contains("id")) {
    item.id = json.at("id").get<MessageId>();
  }
  add(std::move(item));
}

void Stream::add(Item item) {
  item.at = Clock::now();
  if (item.kind == Item::Kind::kMessage && item.id != 0) last_id_ = item.id;
  items_.push_back(std::move(item));
}

bool StreamSet::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  std::vector<pollfd> polled;
  std::vector<Stream*> owners;
  while (!done()) {
    polled.clear();
    owners.clear();
    for (const auto& stream : streams_) {
      if (stream->ended_ || stream->paused_) continue;
      polled.push_back({stream->fd_, POLLIN, 0});
      owners.push_back(stream.get());
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    // The condition may depend on the clock or another thread: it is asked at least every 20 ms.
    ::poll(polled.data(), polled.size(), static_cast<int>(std::min<std::int64_t>(left, 20)));
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents != 0) owners[i]->read();
    }
  }
  return true;
}

bool StreamSet::await_live() {
  return run_until([this] {
           return std::all_of(streams_.begin(), streams_.end(),
                              [](const auto& stream) { return stream->answered(); });
         }) &&
         std::all_of(streams_.begin(), streams_.end(), [](const auto& stream) { return stream->live(); });
}

void StreamSet::run_for(std::chrono::milliseconds time) {
  const auto until = Clock::now() + time;
  run_until([&] { return Clock::now() >= until; }, time + std::chrono::seconds(1));
}

}  // namespace relay::test
