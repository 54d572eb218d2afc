// The wire forms of a message, each encoded once and shared by all who get it. Pure; any thread.
//
//   kSse        event: E LF id: N LF data: … LF LF         as one HTTP/1.1 chunk
//   kSseJson    the same with the JSON envelope as data
//   kWsJson     {"type":"message","channel":C,"id":N,"event":E,"data":D,"from":F,"traceparent":T}
//               as one text frame
//   kWsRaw      the payload as one text frame
//   k…Rest      what follows sse_cursor_line() or ws_cursor_fragment() on a stream over several partitions:
//   kSse and kSseJson without
//               the id line, kWsJson from "channel" on as last fragment
// An ephemeral message has no id on SSE: it is in no backlog, so it must not move a client's Last-Event-ID.
#pragma once

#include <string>
#include <string_view>

#include "base/shared_frame.hpp"
#include "hub/message.hpp"
#include "hub/subscription.hpp"

namespace relay::frontend {

// The message as JSON object, as it stands in kSseJson, kWsJson and history; without "type" there.
void append_message_json(std::string& out, const hub::Message& message, bool with_type);

// Text of a stream as one HTTP/1.1 chunk. REQUIRES: not empty.
SharedFrame chunk_frame(std::string_view text);

SharedFrame encode_sse(const hub::Message& message);
SharedFrame encode_sse_json(const hub::Message& message);
SharedFrame encode_ws_json(const hub::Message& message);
SharedFrame encode_ws_raw(const hub::Message& message);
SharedFrame encode_sse_rest(const hub::Message& message);
SharedFrame encode_sse_json_rest(const hub::Message& message);
SharedFrame encode_ws_json_rest(const hub::Message& message);

// The beginnings, to be followed by the rest at once.
std::string sse_cursor_line(std::string_view cursor);  // id: C LF
std::string ws_cursor_fragment(
    std::string_view cursor);  // {"type":"message","cursor":C, as first fragment of a text

// {"channel":C,"after":N,"first":M}, with "type":"gap" in front for WebSocket.
std::string gap_json(const hub::Gap& gap, bool with_type);

}  // namespace relay::frontend
