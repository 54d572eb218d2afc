#include "wire/http1_client.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cassert>
#include <limits>
#include <utility>

#include "base/bytes.hpp"
#include "wire/chunked.hpp"
#include "wire/http_head.hpp"

namespace relay::wire {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

enum class BodyEnd : std::uint8_t { kNone, kLength, kChunks, kClose };

// What the head of a response says.
struct ResponseHead {
  int status = 0;
  int version_minor = 1;
  HttpHeaders headers;
  std::uint64_t body_size = 0;
  BodyEnd body_end = BodyEnd::kNone;
  bool keep_alive = false;
};

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

// Takes Beast's reading of a whole head into a ResponseHead.
class HeadParser final : public http::basic_parser<false> {
 public:
  explicit HeadParser(ResponseHead& head) : head_(head) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // HeadScan has measured it
    body_limit(boost::none);
    eager(false);
  }

  // An empty string, or what is wrong.
  std::string parse(std::string_view bytes, bool head_only) {
    beast::error_code ec;
    put({bytes.data(), bytes.size()}, ec);
    if (ec) return "malformed response head: " + ec.message();
    head_.body_end = body_end(head_only);
    head_.body_size = head_.body_end == BodyEnd::kLength ? *content_length() : 0;
    const bool asked = head_.version_minor == 1 || head_.headers.has_token("Connection", "keep-alive");
    head_.keep_alive = asked && head_.body_end != BodyEnd::kClose && head_.status != 101 &&
                       !head_.headers.has_token("Connection", "close");
    return {};
  }

 private:
  // RFC 9112 §6.3.
  BodyEnd body_end(bool head_only) const {
    const int status = head_.status;
    if (head_only || status / 100 == 1 || status == 204 || status == 304) return BodyEnd::kNone;
    if (chunked()) return BodyEnd::kChunks;
    return content_length() ? BodyEnd::kLength : BodyEnd::kClose;
  }

  void on_response_impl(int status, beast::string_view, int version, beast::error_code&) override {
    head_.status = status;
    head_.version_minor = version - 10;
  }
  void on_field_impl(http::field, beast::string_view name, beast::string_view value,
                     beast::error_code&) override {
    head_.headers.add(view(name), view(value));
  }

  // The head alone is given to Beast, and a head has no request line, body or chunks.
  void on_request_impl(http::verb, beast::string_view, beast::string_view, int, beast::error_code&) override {
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override { return 0; }
  void on_finish_impl(beast::error_code&) override {}

  ResponseHead& head_;
};

}  // namespace

class HttpResponseParser::Impl {
 public:
  Impl(std::size_t max_head_bytes, bool head_only)
      : max_head_bytes_(max_head_bytes), head_only_(head_only), scan_(max_head_bytes) {}

  std::size_t feed(std::string_view bytes, std::string& body) {
    std::size_t taken = 0;
    while (stage_ == Stage::kHead && taken < bytes.size()) taken += feed_head(bytes.substr(taken));
    if (stage_ == Stage::kBody) taken += feed_body(bytes.substr(taken), body);
    return taken;
  }

  void feed_end() {
    if (stage_ == Stage::kBody && head_.body_end == BodyEnd::kClose) {
      stage_ = Stage::kDone;
    } else if (stage_ == Stage::kHead || stage_ == Stage::kBody) {
      fail("the connection ended inside a response");
    }
  }

  void reset(bool head_only) {
    head_only_ = head_only;
    stage_ = Stage::kHead;
    interim_count_ = 0;
    error_.clear();
    restart_head();
  }

  State state() const {
    if (stage_ == Stage::kDone) return State::kDone;
    return stage_ == Stage::kFailed ? State::kFailed : State::kNeedMore;
  }
  bool head_complete() const { return head_complete_; }
  int interim_count() const { return interim_count_; }
  const ResponseHead& head() const { return head_; }
  const std::string& error() const { return error_; }

 private:
  enum class Stage : std::uint8_t { kHead, kBody, kDone, kFailed };

  void fail(std::string error) {
    stage_ = Stage::kFailed;
    error_ = std::move(error);
  }

  void restart_head() {
    scan_ = HeadScan(max_head_bytes_);
    chunks_ = ChunkDecoder(std::numeric_limits<std::size_t>::max());
    bytes_.clear();
    head_ = {};
    head_complete_ = false;
  }

  std::size_t feed_head(std::string_view bytes) {
    const std::size_t taken = scan_.feed(bytes);
    bytes_.append(bytes.substr(0, taken));
    if (scan_.state() == HeadScan::State::kEnd) end_head();
    if (scan_.state() == HeadScan::State::kBad) fail(scan_.error());
    if (scan_.state() == HeadScan::State::kTooLarge) fail("the response head is too large");
    return taken;
  }

  void end_head() {
    const std::string_view head = std::string_view(bytes_).substr(scan_.blank_bytes());
    if (std::string error = HeadParser(head_).parse(head, head_only_); !error.empty()) return fail(error);
    if (head_.status / 100 == 1 && head_.status != 101) {
      ++interim_count_;
      return restart_head();
    }
    bytes_ = std::string();
    head_complete_ = true;
    const bool empty =
        head_.body_end == BodyEnd::kNone || (head_.body_end == BodyEnd::kLength && head_.body_size == 0);
    stage_ = empty ? Stage::kDone : Stage::kBody;
  }

  std::size_t feed_body(std::string_view bytes, std::string& body) {
    if (head_.body_end == BodyEnd::kChunks) return feed_chunks(bytes, body);
    std::size_t size = bytes.size();
    if (head_.body_end == BodyEnd::kLength) {
      size = static_cast<std::size_t>(std::min<std::uint64_t>(head_.body_size, size));
      head_.body_size -= size;
      if (head_.body_size == 0) stage_ = Stage::kDone;
    }
    body.append(bytes.data(), size);
    return size;
  }

  std::size_t feed_chunks(std::string_view bytes, std::string& body) {
    const std::size_t taken = chunks_.feed(bytes, body);
    if (chunks_.state() == ChunkDecoder::State::kDone) {
      stage_ = Stage::kDone;
    } else if (chunks_.state() != ChunkDecoder::State::kMore) {
      fail("malformed chunk");
    }
    return taken;
  }

  std::size_t max_head_bytes_;
  bool head_only_;
  HeadScan scan_;
  ChunkDecoder chunks_{std::numeric_limits<std::size_t>::max()};
  std::string bytes_;  // of the head, as it comes
  ResponseHead head_;
  std::string error_;
  Stage stage_ = Stage::kHead;
  int interim_count_ = 0;
  bool head_complete_ = false;
};

HttpResponseParser::HttpResponseParser(std::size_t max_head_bytes, bool head_only)
    : impl_(std::make_unique<Impl>(max_head_bytes, head_only)) {}
HttpResponseParser::HttpResponseParser(HttpResponseParser&&) noexcept = default;
HttpResponseParser& HttpResponseParser::operator=(HttpResponseParser&&) noexcept = default;
HttpResponseParser::~HttpResponseParser() = default;

std::size_t HttpResponseParser::feed(std::string_view bytes, std::string& body) {
  return impl_->feed(bytes, body);
}
void HttpResponseParser::feed_end() {
  impl_->feed_end();
}
HttpResponseParser::State HttpResponseParser::state() const {
  return impl_->state();
}
bool HttpResponseParser::head_complete() const {
  return impl_->head_complete();
}
int HttpResponseParser::interim_count() const {
  return impl_->interim_count();
}

int HttpResponseParser::status() const {
  assert(head_complete());
  return impl_->head().status;
}

int HttpResponseParser::version_minor() const {
  assert(head_complete());
  return impl_->head().version_minor;
}

const HttpHeaders& HttpResponseParser::headers() const {
  assert(head_complete());
  return impl_->head().headers;
}

bool HttpResponseParser::keep_alive() const {
  assert(head_complete());
  return impl_->head().keep_alive;
}

std::string_view HttpResponseParser::error_message() const {
  return impl_->error();
}
void HttpResponseParser::reset(bool head_only) {
  impl_->reset(head_only);
}

}  // namespace relay::wire
