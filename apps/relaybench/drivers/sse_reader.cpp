#include "drivers/sse_reader.hpp"

#include <algorithm>

#include "drivers/response_head.hpp"

namespace relay::bench {
namespace {

constexpr std::size_t kMaxEventBytes = 16 * 1024 * 1024;
constexpr std::size_t kMaxChunkBytes = std::size_t{1} << 40;

// The end of the first event of `text`, its blank line included; npos: it is not whole.
std::size_t end_of_event(std::string_view text) {
  std::size_t line = 0;
  while (true) {
    const std::size_t end = text.find('\n', line);
    if (end == std::string_view::npos) return end;
    if (end == line || (end == line + 1 && text[line] == '\r')) return end + 1;
    line = end + 1;
  }
}

std::string_view next_line(std::string_view& block) {
  const std::size_t end = block.find('\n');
  std::string_view line = block.substr(0, end);
  block.remove_prefix(end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

void SseReader::on_comment(std::string_view, StreamSink&) {}

void SseReader::on_data(std::string_view bytes, StreamSink& sink) {
  if (stage_ != Stage::kHead) return take_body(bytes, sink);
  if (rest_.empty()) {
    if (take_head(bytes, sink)) take_body(bytes, sink);
    return;
  }
  std::string whole = std::move(rest_);
  rest_ = {};
  whole.append(bytes);
  std::string_view view = whole;
  if (take_head(view, sink)) take_body(view, sink);
}

// Whether a body may follow; what is not a whole head is kept.
bool SseReader::take_head(std::string_view& bytes, StreamSink& sink) {
  const auto head = read_head(bytes);
  if (!head) {
    if (bytes.size() > kMaxHeadBytes) refuse(0, "an endless response head", sink);
    if (stage_ == Stage::kHead) rest_ = bytes;
    return false;
  }
  bytes.remove_prefix(head->size);
  if (head->status != 200) {
    refuse(head->status, bytes, sink);
    return false;
  }
  stage_ = head->chunked ? Stage::kChunkSize : Stage::kPlain;
  on_open(sink);
  return true;
}

void SseReader::refuse(int status, std::string_view text, StreamSink& sink) {
  stage_ = Stage::kOver;
  sink.on_refused(status, text.substr(0, 200));
}

void SseReader::take_body(std::string_view bytes, StreamSink& sink) {
  while (!bytes.empty() && stage_ != Stage::kOver) {
    if (stage_ == Stage::kPlain) return take_text(bytes, sink);
    if (stage_ == Stage::kChunkSize && !take_chunk_size(bytes, sink)) continue;
    if (stage_ == Stage::kChunkData) {
      const std::size_t piece = std::min(chunk_, bytes.size());
      take_text(bytes.substr(0, piece), sink);
      bytes.remove_prefix(piece);
      chunk_ -= piece;
      if (chunk_ == 0) stage_ = Stage::kChunkEnd;
    } else if (stage_ == Stage::kChunkEnd) {
      if (bytes.front() == '\n') stage_ = Stage::kChunkSize;
      bytes.remove_prefix(1);
    }
  }
}

// Whether the size line is whole. Extensions are read past.
bool SseReader::take_chunk_size(std::string_view& bytes, StreamSink& sink) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    const int digit = hex_digit(c);
    if (c == '\n') {
      in_extension_ = false;
      stage_ = chunk_ == 0 ? Stage::kOver : Stage::kChunkData;
      if (chunk_ == 0) sink.on_end();
      return chunk_ != 0;
    }
    if (c == ';') in_extension_ = true;
    if (c == '\r' || in_extension_) continue;
    if (digit < 0 || chunk_ > kMaxChunkBytes) {
      refuse(0, "a bad chunk", sink);
      return false;
    }
    chunk_ = chunk_ * 16 + static_cast<std::size_t>(digit);
  }
  return false;
}

void SseReader::take_text(std::string_view text, StreamSink& sink) {
  if (rest_.empty()) {
    text.remove_prefix(take_events(text, sink));
    if (!text.empty()) rest_ = text;
    return;
  }
  rest_.append(text);
  const std::size_t taken = take_events(rest_, sink);
  if (taken == rest_.size()) {
    rest_ = {};  // gives its memory back: most subscribers are idle most of the time
  } else {
    rest_.erase(0, taken);
    if (rest_.size() > kMaxEventBytes) refuse(0, "an endless event", sink);
  }
}

// How much of the text was whole events.
std::size_t SseReader::take_events(std::string_view text, StreamSink& sink) {
  std::size_t taken = 0;
  while (stage_ != Stage::kOver) {
    const std::size_t end = end_of_event(text.substr(taken));
    if (end == std::string_view::npos) break;
    take_event(text.substr(taken, end), sink);
    taken += end;
  }
  return taken;
}

void SseReader::take_event(std::string_view block, StreamSink& sink) {
  SseFields fields;
  std::string joined;  // stays empty for what has one line
  bool has_data = false;
  while (!block.empty()) {
    const std::string_view line = next_line(block);
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
      if (has_data) {
        if (joined.empty()) joined = fields.data;
        joined.append("\n").append(value);
      }
      fields.data = has_data ? std::string_view(joined) : value;
      has_data = true;
    } else if (name == "id") {
      fields.id = value;
    } else if (name == "event") {
      fields.event = value;
    } else if (name.empty() && colon < line.size()) {
      on_comment(value, sink);
    }
  }
  if (has_data || !fields.event.empty()) on_event(fields, sink);
}

}  // namespace relay::bench
