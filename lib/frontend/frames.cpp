#include "frontend/frames.hpp"

#include "base/text.hpp"
#include "wire/chunked.hpp"
#include "wire/sse.hpp"
#include "wire/websocket.hpp"

namespace relay::frontend {
namespace {

SharedFrame sse_frame(const hub::Message& message, std::string_view data) {
  std::string event;
  event.reserve(data.size() + message.body.event.size() + 64);
  const bool kept = message.body.ttl_ms != 0;
  wire::append_sse_event(event, message.body.event, kept ? std::to_string(message.id) : std::string(), data);
  std::string chunk;
  chunk.reserve(event.size() + 16);
  wire::append_chunk(chunk, event);
  return SharedFrame::copy_of(chunk);
}

SharedFrame text_frame(std::string_view text) {
  std::string frame;
  frame.reserve(text.size() + 10);
  wire::append_frame(frame, wire::WsOpcode::kText, text);
  return SharedFrame::copy_of(frame);
}

}  // namespace

void append_message_json(std::string& out, const hub::Message& message, bool with_type) {
  out += with_type ? "{\"type\":\"message\",\"channel\":" : "{\"channel\":";
  append_json_string(out, message.channel());
  if (message.id != 0) out += ",\"id\":" + std::to_string(message.id);  // 0: never was in the store
  if (!message.body.event.empty()) {
    out += ",\"event\":";
    append_json_string(out, message.body.event);
  }
  out += ",\"data\":";
  if (message.body.is_json) {
    out += message.body.data;
  } else {
    append_json_string(out, message.body.data);
  }
  if (!message.body.from.empty()) {
    out += ",\"from\":";
    append_json_string(out, message.body.from);
  }
  out += '}';
}

SharedFrame encode_sse(const hub::Message& message) { return sse_frame(message, message.body.data); }

SharedFrame encode_sse_json(const hub::Message& message) {
  std::string json;
  append_message_json(json, message, true);
  return sse_frame(message, json);
}

SharedFrame encode_ws_json(const hub::Message& message) {
  std::string json;
  json.reserve(message.body.data.size() + message.channel().size() + 96);
  append_message_json(json, message, true);
  return text_frame(json);
}

SharedFrame encode_ws_raw(const hub::Message& message) { return text_frame(message.body.data); }

std::string gap_json(const hub::Gap& gap, bool with_type) {
  std::string out = with_type ? "{\"type\":\"gap\",\"channel\":" : "{\"channel\":";
  append_json_string(out, gap.channel.view());
  out += ",\"after\":" + std::to_string(gap.after) + ",\"first\":" + std::to_string(gap.first) + '}';
  return out;
}

}  // namespace relay::frontend
