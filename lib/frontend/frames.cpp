#include "frontend/frames.hpp"

#include "base/decimal.hpp"
#include "base/scratch_text.hpp"
#include "base/text.hpp"
#include "frontend/traceparent.hpp"
#include "wire/chunked.hpp"
#include "wire/sse.hpp"
#include "wire/websocket.hpp"

namespace relay::frontend {
namespace {

SharedFrame sse_frame(const hub::Message& message, std::string_view data, bool with_id) {
  ScratchText event;
  const bool has_id = with_id && message.ttl_ms() != 0;
  const Decimal id(message.id());
  wire::append_sse_event(*event, message.event(), has_id ? id.view() : std::string_view(), data);
  return chunk_frame(*event);
}

SharedFrame text_frame(std::string_view text) {
  ScratchText frame;
  wire::append_frame(*frame, wire::WsOpcode::kText, text);
  return SharedFrame::copy_of(*frame);
}

}  // namespace

SharedFrame chunk_frame(std::string_view text) {
  ScratchText chunk;
  wire::append_chunk(*chunk, text);
  return SharedFrame::copy_of(*chunk);
}

void append_message_json(std::string& out, const hub::Message& message, bool with_type) {
  out += with_type ? "{\"type\":\"message\",\"channel\":" : "{\"channel\":";
  append_json_string(out, message.channel());
  // 0: never was in the store.
  if (message.id() != 0) out.append(",\"id\":").append(Decimal(message.id()).view());
  if (!message.event().empty()) {
    out += ",\"event\":";
    append_json_string(out, message.event());
  }
  out += ",\"data\":";
  if (message.is_json()) {
    out += message.data();
  } else {
    append_json_string(out, message.data());
  }
  if (!message.from().empty()) {
    out += ",\"from\":";
    append_json_string(out, message.from());
  }
  // The bridge keeps a trace id of another kind in the same place.
  if (is_traceparent(message.trace())) out.append(",\"traceparent\":\"").append(message.trace()) += '"';
  out += '}';
}

SharedFrame encode_sse(const hub::Message& message) {
  return sse_frame(message, message.data(), true);
}

SharedFrame encode_sse_rest(const hub::Message& message) {
  return sse_frame(message, message.data(), false);
}

SharedFrame encode_sse_json(const hub::Message& message) {
  ScratchText json;
  append_message_json(*json, message, true);
  return sse_frame(message, *json, true);
}

SharedFrame encode_sse_json_rest(const hub::Message& message) {
  ScratchText json;
  append_message_json(*json, message, true);
  return sse_frame(message, *json, false);
}

SharedFrame encode_ws_json(const hub::Message& message) {
  ScratchText json;
  append_message_json(*json, message, true);
  return text_frame(*json);
}

SharedFrame encode_ws_json_rest(const hub::Message& message) {
  ScratchText json;
  append_message_json(*json, message, false);
  ScratchText frame;
  wire::append_frame(*frame, wire::WsOpcode::kContinuation, std::string_view(*json).substr(1));
  return SharedFrame::copy_of(*frame);
}

std::string sse_cursor_line(std::string_view cursor) {
  return "id: " + std::string(cursor) + '\n';
}

std::string ws_cursor_fragment(std::string_view cursor) {
  std::string frame;
  wire::append_frame(frame, wire::WsOpcode::kText,
                     "{\"type\":\"message\",\"cursor\":\"" + std::string(cursor) + "\",", {}, false);
  return frame;
}

SharedFrame encode_ws_raw(const hub::Message& message) {
  return text_frame(message.data());
}

std::string gap_json(const hub::Gap& gap, bool with_type) {
  std::string out = with_type ? "{\"type\":\"gap\",\"channel\":" : "{\"channel\":";
  append_json_string(out, gap.channel.view());
  out += ",\"after\":" + std::to_string(gap.after) + ",\"first\":" + std::to_string(gap.first) + '}';
  return out;
}

}  // namespace relay::frontend
