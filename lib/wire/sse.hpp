// Server-Sent Events: writing and reading the text/event-stream format (WHATWG HTML §9.2.5, §9.2.6).
//
// The writers are pure and safe from any thread. A parser belongs to one thread; it owns what it returns only
// until moved out. No I/O; nothing here fails: the format gives every byte a meaning.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace relay::wire {

// May stand in an `event:` or `id:` field: no CR, LF or NUL.
bool is_sse_field_text(std::string_view text);

// Appends one event: `event:` and `id:` unless empty, then one `data:` line for each line of `data`, which is
// cut at LF, CR and CRLF, so no payload can forge a field. Always at least one `data:` line, so it is
// dispatched. Hot. REQUIRES: is_sse_field_text() of event and id.
void append_sse_event(std::string& out, std::string_view event, std::string_view id, std::string_view data);

// Appends `: text`, one comment line for each line of `text`, and the blank line that gets it through
// buffers.
void append_sse_comment(std::string& out, std::string_view text);

// Appends a `retry:` block: how long to wait before connecting again. REQUIRES: not negative.
void append_sse_retry(std::string& out, std::chrono::milliseconds delay);

struct SseEvent {
  enum class Kind : std::uint8_t { kMessage, kComment, kRetry };
  Kind kind = Kind::kMessage;
  std::string event;                  // its type: "message" when the stream names none
  std::string id;                     // the last event id as of this event; stays until the stream changes it
  std::string data;                   // of a comment: its text
  std::chrono::milliseconds retry{};  // of kRetry
};

class SseParser {
 public:
  enum class Report : std::uint8_t { kMessages, kEverything };  // kEverything: comments and retry as well

  explicit SseParser(Report report = Report::kMessages) : report_(report) {}

  // Takes bytes from the front of `in` until one event is whole; nothing when they were all taken before
  // that.
  std::optional<SseEvent> next(std::string_view& in);

  // The same with a callback: sink(SseEvent&&) for each event in `bytes`.
  template <class Sink>
  void feed(std::string_view bytes, Sink&& sink) {
    while (std::optional<SseEvent> event = next(bytes)) sink(std::move(*event));
  }

  // What a reconnecting client sends as Last-Event-ID. Set by events that were dispatched or blocks that
  // ended.
  const std::string& last_event_id() const { return last_event_id_; }
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }
  // Bytes held for an event that is not whole; a client bounds what a stream may make it hold by this.
  std::size_t pending_bytes() const { return line_.size() + data_.size() + event_.size(); }

  // A new stream of the same source: drops what is unfinished, keeps last_event_id() and retry().
  void restart();

 private:
  std::optional<SseEvent> end_line(std::string_view last_piece);
  std::optional<SseEvent> take_line(std::string_view line);
  std::optional<SseEvent> take_field(std::string_view name, std::string_view value);
  std::optional<SseEvent> report(SseEvent::Kind kind, std::string_view text) const;
  std::optional<SseEvent> dispatch();

  std::string line_;  // the part of a line that ended a feed
  std::string event_;
  std::string data_;
  std::string id_buffer_;
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> retry_;
  Report report_;
  std::uint8_t bom_seen_ = 0;  // bytes of a leading byte order mark already matched; kBomDone afterwards
  bool after_cr_ = false;      // the last byte was CR: an LF next belongs to the same line end
};

}  // namespace relay::wire
