#include "drivers/http_answers.hpp"

#include "drivers/response_head.hpp"
#include "wire/chunked.hpp"

namespace relay::bench {
namespace {

constexpr std::size_t kMaxBodyBytes = 1024 * 1024;
constexpr std::size_t kMaxText = 200;

struct Body {
  enum class State : std::uint8_t { kWhole, kNeedMore, kBad } state = State::kWhole;
  std::string_view text{};
  std::size_t size = 0;  // on the wire
};

Body read_chunks(std::string_view behind, std::string& decoded) {
  wire::ChunkDecoder chunks(kMaxBodyBytes);
  const std::size_t size = chunks.feed(behind, decoded);
  if (chunks.state() == wire::ChunkDecoder::State::kMore) return {Body::State::kNeedMore};
  if (chunks.state() != wire::ChunkDecoder::State::kDone) return {Body::State::kBad};
  return {Body::State::kWhole, decoded, size};
}

// Without a length or chunks it has none: a server that ends it by closing ends the connection all the same.
Body read_body(const ResponseHead& head, std::string_view behind, std::string& decoded) {
  if (head.chunked) return read_chunks(behind, decoded);
  const std::size_t size = head.content_length.value_or(0);
  if (size > kMaxBodyBytes) return {Body::State::kBad};
  if (behind.size() < size) return {Body::State::kNeedMore};
  return {Body::State::kWhole, behind.substr(0, size), size};
}

}  // namespace

PublishAnswer::Kind HttpAnswers::judge(int status, std::string_view) const {
  if (status / 100 == 2) return PublishAnswer::Kind::kStored;
  return status == 504 ? PublishAnswer::Kind::kUnknown : PublishAnswer::Kind::kRefused;
}

void HttpAnswers::on_data(std::string_view bytes, PublishSink& sink) {
  if (over_) return;
  if (rest_.empty()) {
    bytes.remove_prefix(take(bytes, sink));
    if (!over_ && !bytes.empty()) rest_ = bytes;
    return;
  }
  rest_.append(bytes);
  const std::size_t taken = take(rest_, sink);
  if (over_ || taken == rest_.size()) {
    rest_.clear();
  } else {
    rest_.erase(0, taken);
  }
}

std::size_t HttpAnswers::take(std::string_view bytes, PublishSink& sink) {
  std::size_t taken = 0;
  while (!over_ && taken < bytes.size()) {
    const std::size_t answer = take_answer(bytes.substr(taken), sink);
    if (answer == 0) break;
    taken += answer;
  }
  return taken;
}

void HttpAnswers::refuse(int status, std::string_view text, PublishSink& sink) {
  over_ = true;
  sink.on_refused(status, text.substr(0, kMaxText));
}

// The size of the answer at the front; 0: it is not whole.
std::size_t HttpAnswers::take_answer(std::string_view bytes, PublishSink& sink) {
  const auto head = read_head(bytes);
  if (!head) {
    if (bytes.size() > kMaxHeadBytes) refuse(0, "an endless response head", sink);
    return 0;
  }
  if (head->status / 100 == 1) return head->size;
  std::string decoded;
  const Body body = read_body(*head, bytes.substr(head->size), decoded);
  if (body.state == Body::State::kNeedMore) return 0;
  if (head->status == 0 || body.state == Body::State::kBad) {
    refuse(head->status, "an answer that is no HTTP", sink);
    return 0;
  }
  sink.on_answer({judge(head->status, body.text), head->status, body.text.substr(0, kMaxText), std::nullopt});
  if (head->closes) refuse(head->status, "the server closes the connection after its answer", sink);
  return head->size + body.size;
}

}  // namespace relay::bench
