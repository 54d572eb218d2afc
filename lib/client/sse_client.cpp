#include "client/sse_client.hpp"

#include <utility>

#include "base/bytes.hpp"

namespace relay::client {

using State = wire::HttpResponseParser::State;

SseClient::SseClient(Socket socket, const SseOptions& options)
    : socket_(std::move(socket)), events_(options.report), max_event_bytes_(options.max_event_bytes) {}

Result<SseClient> SseClient::open(const Url& url, const SseOptions& options) {
  const SteadyTime deadline = deadline_in(options.timeout);
  Result<Socket> socket = Socket::connect(url.endpoint, deadline);
  if (!socket) return socket.error();
  HeaderList headers = {{"Accept", "text/event-stream"}, {"Cache-Control", "no-cache"}};
  if (!options.last_event_id.empty()) headers.emplace_back("Last-Event-ID", options.last_event_id);
  headers.insert(headers.end(), options.headers.begin(), options.headers.end());
  SseClient client(std::move(*socket), options);
  const std::string request = format_request(url.endpoint, "GET", url.target, headers);
  if (Result<void> sent = client.socket_.send(request, deadline); !sent) return sent.error();
  if (Result<void> head = client.read_head(deadline); !head) return head.error();
  return client;
}

Result<void> SseClient::read_head(SteadyTime deadline) {
  while (!parser_.head_complete()) {
    if (Result<void> more = read_more(deadline); !more) return more;
    if (ended_ && !parser_.head_complete()) {
      return make_error(ErrorKind::kUnavailable, "connection_lost", std::string(parser_.error_message()));
    }
  }
  return {};
}

bool SseClient::is_stream() const {
  const std::string_view type = headers().find("Content-Type").value_or("");
  return status() == 200 && equals_ignore_case(trim(type.substr(0, type.find(';'))), "text/event-stream");
}

// Decodes what comes next into body_; sets ended_ at the end of the response.
Result<void> SseClient::read_more(SteadyTime deadline) {
  if (ended_) return {};
  std::string bytes;
  const Result<bool> more = socket_.receive(bytes, deadline);
  if (!more) return more.error();
  if (taken_ == body_.size()) {
    body_.clear();
    taken_ = 0;
  }
  if (*more) {
    parser_.feed(bytes, body_);
  } else {
    parser_.feed_end();
  }
  ended_ = parser_.state() != State::kNeedMore || !*more;
  const bool broken = *more && parser_.state() == State::kFailed;
  if (broken) return make_error(ErrorKind::kInternal, "bad_response", std::string(parser_.error_message()));
  return {};
}

Result<std::optional<wire::SseEvent>> SseClient::next(Milliseconds timeout) {
  const SteadyTime deadline = deadline_in(timeout);
  while (true) {
    std::string_view rest = std::string_view(body_).substr(taken_);
    std::optional<wire::SseEvent> event = events_.next(rest);
    taken_ = body_.size() - rest.size();
    if (event || ended_) return event;
    if (events_.pending_bytes() > max_event_bytes_) {
      return make_error(ErrorKind::kTooLarge, "event_too_large", "an event is larger than this client takes");
    }
    if (const Result<void> more = read_more(deadline); !more) {
      if (more.error().code == "timeout") return std::optional<wire::SseEvent>();
      return more.error();
    }
  }
}

Result<std::string> SseClient::read_body(Milliseconds timeout) {
  const SteadyTime deadline = deadline_in(timeout);
  std::string body;
  while (true) {
    body.append(body_, taken_, std::string::npos);
    taken_ = body_.size();
    if (ended_ || parser_.state() != State::kNeedMore) return body;
    if (const Result<void> more = read_more(deadline); !more) return more.error();
  }
}

}  // namespace relay::client
