#include "wire/sse.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "base/decimal.hpp"

namespace relay::wire {

namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::uint8_t kBomDone = 0xff;
constexpr std::size_t kSearchWindow = 512;
constexpr std::size_t kMaxRetryDigits = 15;  // 31,000 years; longer ones are ignored

// Calls take(line) for each line of `text`, cut at LF, CR and CRLF. One call at least.
// memchr finds both ends: most payloads are one line.
template <class Take>
void for_each_line(std::string_view text, Take&& take) {
  std::size_t start = 0;
  std::size_t lf = text.find('\n');
  std::size_t cr = text.find('\r');
  while (true) {
    const std::size_t end = std::min(lf, cr);
    if (end == std::string_view::npos) return take(text.substr(start));
    take(text.substr(start, end - start));
    start = end + 1;
    if (text[end] == '\r' && lf == start) ++start;
    if (lf < start) lf = text.find('\n', start);
    if (cr < start) cr = text.find('\r', start);
  }
}

// Where the first CR or LF is, or the size. memchr over a window at a time: a stream of short lines that end
// in CR would otherwise be searched to its end for LF, again for each line.
std::size_t line_size(std::string_view text) {
  for (std::size_t start = 0; start < text.size(); start += kSearchWindow) {
    const std::string_view window = text.substr(start, kSearchWindow);
    const std::size_t lf = window.find('\n');
    const std::size_t end = std::min(lf, window.substr(0, lf).find('\r'));
    if (end != std::string_view::npos) return start + end;
  }
  return text.size();
}

void append_line(std::string& out, std::string_view field, std::string_view value) {
  out.append(field).append(value).push_back('\n');
}

bool is_decimal(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_leading_space(std::string_view value) {
  return value.substr(!value.empty() && value.front() == ' ' ? 1 : 0);
}

// Matches the optional byte order mark at the front of a stream, which may itself be split. What turns out
// not to be one is given back through `line`.
void skip_bom(std::string_view& in, std::uint8_t& seen, std::string& line) {
  while (seen != kBomDone && !in.empty()) {
    if (in.front() != kBom[seen]) {
      line.append(kBom.substr(0, seen));
      seen = kBomDone;
    } else {
      in.remove_prefix(1);
      if (++seen == kBom.size()) seen = kBomDone;
    }
  }
}

}  // namespace

bool is_sse_field_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void append_sse_event(std::string& out, std::string_view event, std::string_view id, std::string_view data) {
  assert(is_sse_field_text(event) && is_sse_field_text(id));
  if (!event.empty()) append_line(out, "event: ", event);
  if (!id.empty()) append_line(out, "id: ", id);
  for_each_line(data, [&](std::string_view line) { append_line(out, "data: ", line); });
  out.push_back('\n');
}

void append_sse_comment(std::string& out, std::string_view text) {
  for_each_line(text, [&](std::string_view line) { append_line(out, line.empty() ? ":" : ": ", line); });
  out.push_back('\n');
}

void append_sse_retry(std::string& out, std::chrono::milliseconds delay) {
  assert(delay.count() >= 0);
  out.append("retry: ").append(Decimal(delay.count()).view()).append("\n\n");
}

std::optional<SseEvent> SseParser::next(std::string_view& in) {
  if (bom_seen_ != kBomDone) skip_bom(in, bom_seen_, line_);
  while (!in.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (in.front() == '\n') {
        in.remove_prefix(1);
        continue;
      }
    }
    const std::size_t size = line_size(in);
    if (size == in.size()) {
      line_.append(in);
      in = {};
      return std::nullopt;
    }
    after_cr_ = in[size] == '\r';
    std::optional<SseEvent> event = end_line(in.substr(0, size));
    in.remove_prefix(size + 1);
    if (event) return event;
  }
  return std::nullopt;
}

std::optional<SseEvent> SseParser::end_line(std::string_view last_piece) {
  if (line_.empty()) return take_line(last_piece);
  line_.append(last_piece);
  std::optional<SseEvent> event = take_line(line_);
  line_ = std::string();
  return event;
}

std::optional<SseEvent> SseParser::take_line(std::string_view line) {
  if (line.empty()) return dispatch();
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return take_field(line, {});
  return take_field(line.substr(0, colon), without_leading_space(line.substr(colon + 1)));
}

// WHATWG HTML §9.2.6, "process the field"; a comment is a field without a name.
std::optional<SseEvent> SseParser::take_field(std::string_view name, std::string_view value) {
  if (name.empty()) return report(SseEvent::Kind::kComment, value);
  if (name == "data") {
    data_.append(value).push_back('\n');
  } else if (name == "event") {
    event_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_buffer_ = value;
  } else if (name == "retry" && is_decimal(value) && value.size() <= kMaxRetryDigits) {
    std::int64_t delay = 0;
    std::from_chars(value.data(), value.data() + value.size(), delay);
    retry_ = std::chrono::milliseconds(delay);
    return report(SseEvent::Kind::kRetry, {});
  }
  return std::nullopt;
}

std::optional<SseEvent> SseParser::report(SseEvent::Kind kind, std::string_view text) const {
  if (report_ != Report::kEverything) return std::nullopt;
  SseEvent event;
  event.kind = kind;
  event.data = text;
  if (kind == SseEvent::Kind::kRetry) event.retry = *retry_;
  return event;
}

std::optional<SseEvent> SseParser::dispatch() {
  last_event_id_ = id_buffer_;
  if (data_.empty()) {
    event_.clear();
    return std::nullopt;
  }
  data_.pop_back();
  SseEvent event;
  event.event = event_.empty() ? "message" : std::exchange(event_, {});
  event.id = last_event_id_;
  event.data = std::exchange(data_, {});
  return event;
}

void SseParser::restart() {
  line_.clear();
  event_.clear();
  data_.clear();
  id_buffer_ =
      last_event_id_;  // as browsers do: an event without an id keeps the last one across connections
  bom_seen_ = 0;
  after_cr_ = false;
}

}  // namespace relay::wire
