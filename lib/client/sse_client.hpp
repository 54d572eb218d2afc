// A blocking Server-Sent Events client: one stream, read event by event (WHATWG HTML §9.2).
//
// One object per stream, one thread at a time. It does not reconnect by itself: whoever owns it decides, and
// opens again with last_event_id(). Errors: those of Socket and HttpClient, and "event_too_large"
// (kTooLarge).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/http_client.hpp"
#include "wire/sse.hpp"

namespace relay::client {

struct SseOptions {
  HeaderList headers = {};         // besides Accept and Last-Event-ID
  std::string last_event_id = {};  // empty: none is sent
  wire::SseParser::Report report = wire::SseParser::Report::kMessages;
  Milliseconds timeout = kDefaultTimeout;  // for connecting and the response head
  std::size_t max_event_bytes = 64 * 1024 * 1024;
};

class SseClient {
 public:
  // Returns when the response head is there, whatever its status.
  static Result<SseClient> open(const Url& url, const SseOptions& options = {});

  int status() const { return parser_.status(); }
  const wire::HttpHeaders& headers() const { return parser_.headers(); }
  // Whether it is a stream of events: 200 and text/event-stream. If not, only read_body() makes sense.
  bool is_stream() const;

  // The next event, or nothing when none came in time or the stream ended: ended() tells.
  Result<std::optional<wire::SseEvent>> next(Milliseconds timeout);
  bool ended() const { return ended_; }
  // Of a refusal: all of its body.
  Result<std::string> read_body(Milliseconds timeout = kDefaultTimeout);

  const std::string& last_event_id() const { return events_.last_event_id(); }
  std::optional<Milliseconds> retry() const { return events_.retry(); }
  const Socket& socket() const { return socket_; }
  void close() { socket_.close(); }

 private:
  SseClient(Socket socket, const SseOptions& options);
  Result<void> read_more(SteadyTime deadline);
  Result<void> read_head(SteadyTime deadline);

  Socket socket_;
  wire::HttpResponseParser parser_;
  wire::SseParser events_;
  std::size_t max_event_bytes_;
  std::string body_;       // decoded, not yet given to events_
  std::size_t taken_ = 0;  // of body_
  bool ended_ = false;
};

}  // namespace relay::client
