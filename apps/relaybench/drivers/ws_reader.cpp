#include "drivers/ws_reader.hpp"

#include "drivers/response_head.hpp"
#include "wire/websocket.hpp"

namespace relay::bench {
namespace {

constexpr unsigned char kFin = 0x80;
constexpr unsigned char kControl = 0x08;
constexpr unsigned char kMasked = 0x80;
constexpr std::uint64_t kMaxFrameBytes = 16 * 1024 * 1024;

struct FrameHead {
  unsigned char first = 0;
  std::size_t head = 0;
  std::uint64_t payload = 0;
};

unsigned char byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// A head of size 0: not whole yet.
FrameHead read_frame_head(std::string_view bytes) {
  FrameHead frame;
  if (bytes.size() < 2) return frame;
  const unsigned length = byte_at(bytes, 1) & 0x7f;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (bytes.size() < 2 + extended) return frame;
  frame.payload = extended == 0 ? length : 0;
  for (std::size_t i = 0; i < extended; ++i) frame.payload = frame.payload << 8 | byte_at(bytes, 2 + i);
  frame.first = byte_at(bytes, 0);
  frame.head = 2 + extended;
  return frame;
}

}  // namespace

void WsReader::on_open(StreamSink&) {}

void WsReader::on_data(std::string_view bytes, StreamSink& sink) {
  if (rest_.empty()) {
    bytes.remove_prefix(take(bytes, sink));
    if (!bytes.empty()) rest_ = bytes;
    return;
  }
  rest_.append(bytes);
  const std::size_t taken = take(rest_, sink);
  if (taken == rest_.size()) {
    rest_ = {};  // gives its memory back: most subscribers are idle most of the time
  } else {
    rest_.erase(0, taken);
  }
}

// How much of the bytes was whole.
std::size_t WsReader::take(std::string_view bytes, StreamSink& sink) {
  std::size_t taken = stage_ == Stage::kHead ? take_head(bytes, sink) : 0;
  while (stage_ == Stage::kFrames) {
    const std::size_t frame = take_frame(bytes.substr(taken), sink);
    if (frame == 0) break;
    taken += frame;
  }
  return stage_ == Stage::kOver ? bytes.size() : taken;
}

std::size_t WsReader::take_head(std::string_view bytes, StreamSink& sink) {
  const auto head = read_head(bytes);
  if (!head) {
    if (bytes.size() > kMaxHeadBytes) refuse(0, "an endless response head", sink);
    return 0;
  }
  if (head->status != 101) {
    refuse(head->status, bytes.substr(head->size), sink);
    return head->size;
  }
  stage_ = Stage::kFrames;
  on_open(sink);
  return head->size;
}

void WsReader::refuse(int status, std::string_view text, StreamSink& sink) {
  stage_ = Stage::kOver;
  sink.on_refused(status, text.substr(0, 200));
}

// The size of the frame at the front; 0: it is not whole.
std::size_t WsReader::take_frame(std::string_view bytes, StreamSink& sink) {
  const FrameHead frame = read_frame_head(bytes);
  if (frame.head == 0) return 0;
  if (frame.payload > kMaxFrameBytes || (byte_at(bytes, 1) & kMasked) != 0) {
    refuse(0, "a frame that no server may send", sink);
    return 0;
  }
  const auto size = static_cast<std::size_t>(frame.payload);
  if (bytes.size() < frame.head + size) return 0;
  const std::string_view payload = bytes.substr(frame.head, size);
  if ((frame.first & kControl) != 0) {
    take_control(frame.first & 0x0f, payload, sink);
  } else {
    take_message(frame.first, payload, sink);
  }
  return frame.head + size;
}

void WsReader::take_message(unsigned char first, std::string_view payload, StreamSink& sink) {
  const bool continues = (first & 0x0f) == static_cast<unsigned char>(wire::WsOpcode::kContinuation);
  if ((first & kFin) != 0 && !continues) return on_text(payload, sink);
  fragments_.append(payload);
  if (fragments_.size() > kMaxFrameBytes) return refuse(0, "an endless message", sink);
  if ((first & kFin) == 0) return;
  on_text(fragments_, sink);
  fragments_ = {};
}

void WsReader::take_control(unsigned char opcode, std::string_view payload, StreamSink& sink) {
  if (opcode == static_cast<unsigned char>(wire::WsOpcode::kPing)) {
    std::string pong;
    wire::append_frame(pong, wire::WsOpcode::kPong, payload, 0);
    return sink.reply(pong);
  }
  if (opcode != static_cast<unsigned char>(wire::WsOpcode::kClose)) return;
  const int code = payload.size() < 2 ? wire::kWsNoStatus : byte_at(payload, 0) << 8 | byte_at(payload, 1);
  const bool proper = code == wire::kWsNormal || code == wire::kWsGoingAway ||
                      code == wire::kWsServiceRestart || code == wire::kWsNoStatus;
  stage_ = Stage::kOver;
  if (proper) return sink.on_end();
  sink.on_refused(code, payload.substr(payload.size() < 2 ? 0 : 2));
}

void append_client_text(std::string& out, std::string_view text) {
  wire::append_frame(out, wire::WsOpcode::kText, text, 0);
}

}  // namespace relay::bench
