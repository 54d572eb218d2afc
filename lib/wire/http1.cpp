#include "wire/http1.hpp"

#include <algorithm>
#include <array>
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

struct Refusal {
  int status = 0;
  const char* message = nullptr;
  explicit operator bool() const { return status != 0; }
};

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

// Digits only: Beast also takes a comma-separated list of equal numbers. REQUIRES: Beast found no overflow.
bool is_decimal(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::size_t authority_end(std::string_view target, std::size_t scheme_size) {
  return std::min(target.find_first_of("/?", scheme_size), target.size());
}

// The length of "http://" or "https://" at the front, or 0.
std::size_t scheme_size(std::string_view target) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignore_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

// RFC 9112 §3.2. CONNECT's authority form is let through for whoever answers it with 405.
bool is_request_target(std::string_view method, std::string_view target) {
  if (method == "CONNECT") return true;
  if (target.find('#') != std::string_view::npos) return false;
  if (target.front() == '/') return true;
  if (target == "*") return method == "OPTIONS";
  const std::size_t scheme = scheme_size(target);
  return scheme != 0 && authority_end(target, scheme) > scheme;
}

// What may stand in Host (RFC 9110 §7.2): registered names, addresses, brackets and a port.
constexpr std::array<bool, 256> make_host_table() {
  std::array<bool, 256> table{};
  table.fill(true);
  for (const char c : std::string_view(" \t/?#@\\,\"<>")) table[static_cast<unsigned char>(c)] = false;
  return table;
}
constexpr std::array<bool, 256> kHostTable = make_host_table();
bool is_host(std::string_view host) {
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return kHostTable[static_cast<unsigned char>(c)]; });
}

// Beast reads "HTTP/1.0" and "HTTP/1.1" and says bad_version to all else; well-formed others deserve 505.
bool names_other_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  if (line.size() < 9) return false;
  const std::string_view tail = line.substr(line.size() - 9);
  if (tail == " HTTP/1.0" || tail == " HTTP/1.1") return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return tail.substr(0, 6) == " HTTP/" && digit(tail[6]) && tail[7] == '.' && digit(tail[8]);
}

// Takes Beast's reading of a whole head into a HttpRequest, refusing what framing must not leave in doubt.
class RequestHead final : public http::basic_parser<true> {
 public:
  explicit RequestHead(HttpRequest& request) : request_(request) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // HeadScan has measured it
    body_limit(boost::none);
    eager(false);
  }

  Refusal parse(std::string_view head) {
    beast::error_code ec;
    put({head.data(), head.size()}, ec);
    if (refusal_) return refusal_;
    if (ec) return explain(ec, head);
    return check();
  }

  bool is_chunked() const { return transfer_encodings_ != 0; }
  std::uint64_t body_size() const { return content_lengths_ == 0 ? 0 : content_length().value_or(0); }

 private:
  static Refusal explain(const beast::error_code& ec, std::string_view head) {
    if (ec == http::error::bad_version && names_other_version(head)) {
      return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    }
    if (ec == http::error::bad_method) return {400, "malformed method"};
    if (ec == http::error::bad_target) return {400, "malformed request target"};
    if (ec == http::error::bad_version) return {400, "malformed HTTP version"};
    if (ec == http::error::bad_content_length) return {400, "malformed Content-Length"};
    if (ec == http::error::multiple_content_length) return {400, "more than one Content-Length"};
    if (ec == http::error::bad_transfer_encoding)
      return {400, "Transfer-Encoding beside Content-Length, or twice"};
    return {400, "malformed header field"};
  }

  Refusal check() const {
    if (hosts_ > 1) return {400, "more than one Host"};
    if (hosts_ == 0 && request_.version_minor == 1) return {400, "Host is missing"};
    if (content_lengths_ > 1) return {400, "more than one Content-Length"};
    if (transfer_encodings_ > 1) return {400, "more than one Transfer-Encoding"};
    if (transfer_encodings_ == 1 && content_lengths_ == 1) {
      return {400, "both Content-Length and Transfer-Encoding"};
    }
    if (transfer_encodings_ == 1 && request_.version_minor == 0)
      return {400, "Transfer-Encoding in HTTP/1.0"};
    if (transfer_encodings_ == 1 && !chunked_) return {501, "no transfer coding but chunked is implemented"};
    if (unknown_expectation_ && request_.version_minor == 1) {
      return {417, "no expectation but 100-continue can be met"};
    }
    return {};
  }

  void refuse(int status, const char* message, beast::error_code& ec) {
    refusal_ = {status, message};
    ec = http::error::bad_value;
  }

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code& ec) override {
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
    request_.version_minor = version - 10;
    request_.keep_alive = version == 11;
    if (!is_request_target(request_.method, request_.target)) refuse(400, "malformed request target", ec);
  }

  void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                     beast::error_code& ec) override {
    request_.headers.add(view(name), view(value));
    switch (field) {
      case http::field::host:
        ++hosts_;
        if (!is_host(view(value))) refuse(400, "malformed Host", ec);
        break;
      case http::field::content_length:
        ++content_lengths_;
        if (!is_decimal(view(value))) refuse(400, "malformed Content-Length", ec);
        break;
      case http::field::transfer_encoding:
        ++transfer_encodings_;
        chunked_ = equals_ignore_case(view(value), "chunked");
        break;
      case http::field::connection:
        take_connection(view(value));
        break;
      case http::field::expect:
        take_expect(view(value));
        break;
      default:
        break;
    }
  }

  void take_connection(std::string_view value) {
    if (list_has_token(value, "close")) closes_ = true;
    if (list_has_token(value, "keep-alive")) keeps_ = true;
    request_.keep_alive = !closes_ && (keeps_ || request_.version_minor == 1);
  }

  // HTTP/1.0 clients do not know interim answers: theirs is ignored (RFC 9110 §10.1.1).
  void take_expect(std::string_view value) {
    const bool known = equals_ignore_case(value, "100-continue");
    if (known && request_.version_minor == 1) request_.expect_continue = true;
    if (!known) unknown_expectation_ = true;
  }

  // The head alone is given to Beast, and a head has no status line, body or chunks.
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override { return 0; }
  void on_finish_impl(beast::error_code&) override {}

  HttpRequest& request_;
  Refusal refusal_;
  unsigned hosts_ = 0;
  unsigned content_lengths_ = 0;
  unsigned transfer_encodings_ = 0;
  bool chunked_ = false;
  bool closes_ = false;
  bool keeps_ = false;
  bool unknown_expectation_ = false;
};

}  // namespace

std::string_view HttpRequest::path() const {
  std::string_view rest = target;
  if (const std::size_t scheme = scheme_size(rest); scheme != 0) {
    rest.remove_prefix(authority_end(rest, scheme));
    if (rest.empty() || rest.front() == '?') return "/";
  }
  return rest.substr(0, rest.find('?'));
}

std::string_view HttpRequest::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

class HttpRequestParser::Impl {
 public:
  explicit Impl(HttpLimits limits)
      : limits_(limits), scan_(limits.max_head_bytes), chunks_(limits.max_body_bytes) {}

  std::size_t feed(std::string_view bytes) {
    std::size_t taken = 0;
    if (stage_ == Stage::kHead) taken = feed_head(bytes);
    if (stage_ == Stage::kSized) taken += feed_sized(bytes.substr(taken));
    if (stage_ == Stage::kChunked) taken += feed_chunked(bytes.substr(taken));
    return taken;
  }

  State state() const {
    if (stage_ == Stage::kDone) return State::kDone;
    return stage_ == Stage::kFailed ? State::kFailed : State::kNeedMore;
  }
  bool started() const { return stage_ != Stage::kHead || scan_.in_first_line_or_later(); }
  bool head_complete() const { return head_complete_; }
  bool wants_continue() const {
    const bool waiting = stage_ == Stage::kSized || stage_ == Stage::kChunked;
    return waiting && request_.expect_continue && !body_started_;
  }
  void continue_sent() { body_started_ = true; }
  HttpRequest& request() { return request_; }
  const Refusal& refusal() const { return refusal_; }

  void reset() {
    stage_ = Stage::kHead;
    head_.clear();
    scan_ = HeadScan(limits_.max_head_bytes);
    chunks_ = ChunkDecoder(limits_.max_body_bytes);
    request_ = HttpRequest();
    refusal_ = {};
    head_complete_ = body_started_ = false;
  }

 private:
  enum class Stage : std::uint8_t { kHead, kSized, kChunked, kDone, kFailed };

  void fail(Refusal refusal) {
    stage_ = Stage::kFailed;
    refusal_ = refusal;
  }

  std::size_t feed_head(std::string_view bytes) {
    const std::size_t taken = scan_.feed(bytes);
    switch (scan_.state()) {
      case HeadScan::State::kMore:
        head_.append(bytes.substr(0, taken));
        break;
      case HeadScan::State::kEnd:
        end_head(bytes.substr(0, taken));
        break;
      case HeadScan::State::kBad:
        fail({400, scan_.error()});
        break;
      case HeadScan::State::kTooLarge:
        fail({431, "the request head is too large"});
        break;
    }
    return taken;
  }

  // `last_piece` is the whole head when it came in one piece, which is the usual case and copies nothing.
  void end_head(std::string_view last_piece) {
    if (head_.empty()) {
      parse_head(last_piece.substr(scan_.blank_bytes()));
    } else {
      head_.append(last_piece);
      parse_head(std::string_view(head_).substr(scan_.blank_bytes()));
      head_ = std::string();
    }
  }

  void parse_head(std::string_view head) {
    request_.headers.reserve(head.size());
    RequestHead parser(request_);
    if (const Refusal refusal = parser.parse(head)) return fail(refusal);
    left_ = parser.is_chunked() ? 0 : parser.body_size();
    if (left_ > limits_.max_body_bytes) return fail({413, "the request body is too large"});
    head_complete_ = true;
    stage_ = parser.is_chunked() ? Stage::kChunked : left_ != 0 ? Stage::kSized : Stage::kDone;
  }

  std::size_t feed_sized(std::string_view bytes) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    request_.body.append(bytes.data(), size);
    left_ -= size;
    body_started_ |= size != 0;
    if (left_ == 0) stage_ = Stage::kDone;
    return size;
  }

  std::size_t feed_chunked(std::string_view bytes) {
    const std::size_t taken = chunks_.feed(bytes, request_.body);
    body_started_ |= taken != 0;
    switch (chunks_.state()) {
      case ChunkDecoder::State::kMore:
        break;
      case ChunkDecoder::State::kDone:
        stage_ = Stage::kDone;
        break;
      case ChunkDecoder::State::kBad:
        fail({400, "malformed chunk"});
        break;
      case ChunkDecoder::State::kTooLarge:
        fail({413, "the request body is too large"});
        break;
    }
    return taken;
  }

  HttpLimits limits_;
  HeadScan scan_;
  ChunkDecoder chunks_;
  std::string head_;  // of a head that did not come in one piece
  HttpRequest request_;
  std::uint64_t left_ = 0;  // of a body with a length
  Refusal refusal_;
  Stage stage_ = Stage::kHead;
  bool head_complete_ = false;
  bool body_started_ = false;
};

HttpRequestParser::HttpRequestParser(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpRequestParser::HttpRequestParser(HttpRequestParser&&) noexcept = default;
HttpRequestParser& HttpRequestParser::operator=(HttpRequestParser&&) noexcept = default;
HttpRequestParser::~HttpRequestParser() = default;

std::size_t HttpRequestParser::feed(std::string_view bytes) {
  return impl_->feed(bytes);
}
HttpRequestParser::State HttpRequestParser::state() const {
  return impl_->state();
}
bool HttpRequestParser::started() const {
  return impl_->started();
}
bool HttpRequestParser::head_complete() const {
  return impl_->head_complete();
}
bool HttpRequestParser::wants_continue() const {
  return impl_->wants_continue();
}
void HttpRequestParser::continue_sent() {
  impl_->continue_sent();
}

const HttpRequest& HttpRequestParser::request() const {
  assert(head_complete());
  return impl_->request();
}

HttpRequest HttpRequestParser::take_request() {
  assert(state() == State::kDone);
  HttpRequest request = std::move(impl_->request());
  impl_->reset();
  return request;
}

int HttpRequestParser::error_status() const {
  return impl_->refusal().status;
}
std::string_view HttpRequestParser::error_message() const {
  return impl_->refusal().message;
}
void HttpRequestParser::reset() {
  impl_->reset();
}

}  // namespace relay::wire
