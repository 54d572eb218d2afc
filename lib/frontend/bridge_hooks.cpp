#include "frontend/bridge_hooks.hpp"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>

#include "base/log.hpp"
#include "base/text.hpp"

namespace relay::frontend {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

namespace {

constexpr std::size_t kMaxStatusLine = 8 * 1024;

// Go's url.QueryEscape: as percent_encode(), with '+' for a space.
std::string query_escape(std::string_view text) {
  std::string out;
  for (const std::string_view word : split(text, ' ')) {
    if (word.data() != text.data()) out += '+';
    out += percent_encode(word);
  }
  return out;
}

std::string request_bytes(const HttpUrl& url, const HookPost& hook) {
  std::string out =
      "POST " + url.target + " HTTP/1.1\r\nHost: " + url.host_field() + "\r\nUser-Agent: relayd\r\n";
  if (!hook.content_type.empty()) out += "Content-Type: " + hook.content_type + "\r\n";
  out += "Content-Length: " + std::to_string(hook.body.size()) + "\r\nConnection: close\r\n\r\n";
  return out + hook.body;
}

// "HTTP/1.1 200 OK"; 0 if it is no status line.
int status_of_line(std::string_view line) {
  int status = 0;
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return 0;
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, status);
  return error == std::errc{} && end == line.data() + 12 ? status : 0;
}

bool is_url_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

tcp::socket& socket_of(tcp::socket& stream) {
  return stream;
}
tcp::socket& socket_of(TlsStream& stream) {
  return stream.next_layer();
}

}  // namespace

std::optional<HttpUrl> HttpUrl::parse(std::string_view text) {
  HttpUrl url;
  if (!is_url_text(text)) return {};
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return {};
  const std::string scheme = to_lower(text.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return {};
  url.tls = scheme == "https";
  text.remove_prefix(scheme_end + 3);
  text = text.substr(0, text.find('#'));
  const auto authority_end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  url.target = text.substr(authority_end);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  if (authority.find('@') != std::string_view::npos) return {};
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.port = url.tls ? "443" : "80";
  if (colon != std::string_view::npos && colon + 1 < authority.size()) url.port = authority.substr(colon + 1);
  authority = authority.substr(0, colon);
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  url.host = authority;
  const bool numeric =
      std::all_of(url.port.begin(), url.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (url.host.empty() || !numeric || url.port.size() > 5) return {};
  return url;
}

std::string HttpUrl::host_field() const {
  const std::string name = host.find(':') == std::string::npos ? host : '[' + host + ']';
  return port == (tls ? "443" : "80") ? name : name + ':' + port;
}

std::vector<HookPost> webhook_posts(const std::vector<std::string>& webhook_urls, std::string_view sender,
                                    std::string_view topic, std::string_view message) {
  std::string body = "{\"topic\":";
  append_go_json_string(body, topic);
  body += ",\"hash\":";
  append_go_json_string(body, message);
  body += '}';
  std::vector<HookPost> posts;
  for (const std::string& url : webhook_urls) {
    posts.push_back({url + '/' + std::string(sender), "application/json", body});
  }
  return posts;
}

HookPost copy_post(std::string_view copy_to_url, std::vector<QueryPair> parameters,
                   std::string_view message) {
  std::stable_sort(parameters.begin(), parameters.end(),
                   [](const QueryPair& a, const QueryPair& b) { return a.key < b.key; });
  copy_to_url = copy_to_url.substr(0, copy_to_url.find_first_of("?#"));
  HookPost post{std::string(copy_to_url), {}, std::string(message)};
  char separator = '?';
  for (const QueryPair& pair : parameters) {
    post.url += separator + query_escape(pair.key) + '=' + query_escape(pair.value);
    separator = '&';
  }
  return post;
}

std::shared_ptr<asio::ssl::context> make_hook_tls() {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  error_code ignored;  // without authorities every handshake fails, and says so
  context->set_default_verify_paths(ignored);
  context->set_verify_mode(asio::ssl::verify_peer);
  return context;
}

// One POST: resolve, connect, handshake, write, read the status line. The handlers own it; the first end
// counts, be it an answer, an error or the timer.
template <class Stream>
class BridgePoster::Attempt : public std::enable_shared_from_this<Attempt<Stream>> {
 public:
  Attempt(std::shared_ptr<BridgePoster> poster, HttpUrl url, const HookPost& hook, Stream stream)
      : poster_(std::move(poster)),
        url_(std::move(url)),
        request_(request_bytes(url_, hook)),
        stream_(std::move(stream)),
        resolver_(poster_->context_),
        timer_(poster_->context_) {}

  void start() {
    timer_.expires_after(kTimeout);
    timer_.async_wait([self = this->shared_from_this()](error_code error) {
      if (!error) self->finish(0, "timed out");
    });
    resolver_.async_resolve(
        url_.host, url_.port, step<tcp::resolver::results_type>([](Attempt& self, const auto& found) {
          asio::async_connect(
              socket_of(self.stream_), found,
              self.template step<tcp::endpoint>([](Attempt& at, const auto&) { at.on_connected(); }));
        }));
  }

 private:
  // A completion handler that goes on with `next` unless there was an error or the attempt is over.
  template <class Value, class Next>
  auto step(Next next) {
    return [self = this->shared_from_this(), next](error_code error, const Value& value) {
      if (self->done_) return;
      if (error) return self->finish(0, error.message());
      next(*self, value);
    };
  }

  void on_connected() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      SSL_set_tlsext_host_name(stream_.native_handle(), url_.host.c_str());
      stream_.set_verify_callback(asio::ssl::host_name_verification(url_.host));
      stream_.async_handshake(asio::ssl::stream_base::client,
                              [self = this->shared_from_this()](error_code error) {
                                if (self->done_) return;
                                if (error) return self->finish(0, error.message());
                                self->write();
                              });
    } else {
      write();
    }
  }

  void write() {
    asio::async_write(stream_, asio::buffer(request_), step<std::size_t>([](Attempt& self, std::size_t) {
                        asio::async_read_until(
                            self.stream_, asio::dynamic_buffer(self.answer_, kMaxStatusLine), "\r\n",
                            self.template step<std::size_t>([](Attempt& at, std::size_t length) {
                              at.finish(status_of_line(std::string_view(at.answer_).substr(0, length)),
                                        "no HTTP answer");
                            }));
                      }));
  }

  void finish(int status, std::string_view reason) {
    if (std::exchange(done_, true)) return;
    timer_.cancel();
    resolver_.cancel();
    error_code ignored;
    socket_of(stream_).close(ignored);
    poster_->finished(url_.host_field(), status, reason);
  }

  std::shared_ptr<BridgePoster> poster_;
  const HttpUrl url_;
  const std::string request_;
  std::string answer_;
  Stream stream_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  bool done_ = false;
};

BridgePoster::BridgePoster(asio::io_context& context, metrics::LoopMetrics& metrics,
                           std::shared_ptr<asio::ssl::context> tls)
    : context_(context), metrics_(metrics), tls_(std::move(tls)) {}

BridgePoster::~BridgePoster() = default;

void BridgePoster::post(HookPost hook) {
  if (in_flight_ < kMaxInFlight) return start(hook);
  if (queue_.size() >= kMaxQueued || queued_bytes_ + hook.body.size() > kMaxQueuedBytes) {
    metrics_.add(metrics::Counter::kBridgeHooksDropped);
    return log::warning("bridge.hook_dropped", "the queue of webhook and copy-to posts is full",
                        {{"queued", queue_.size()}});
  }
  queued_bytes_ += hook.body.size();
  queue_.push_back(std::move(hook));
  count_queue();
}

void BridgePoster::start(const HookPost& hook) {
  ++in_flight_;
  auto url = HttpUrl::parse(hook.url);
  if (!url) {
    // From a fresh stack: finished() starts the next of the queue.
    asio::post(context_, [self = shared_from_this()] { self->finished({}, 0, "not an http(s) URL"); });
  } else if (url->tls) {
    std::make_shared<Attempt<TlsStream>>(shared_from_this(), std::move(*url), hook,
                                         TlsStream(context_, *tls_))
        ->start();
  } else {
    std::make_shared<Attempt<tcp::socket>>(shared_from_this(), std::move(*url), hook, tcp::socket(context_))
        ->start();
  }
}

void BridgePoster::finished(const std::string& host, int status, std::string_view reason) {
  --in_flight_;
  if (status / 100 != 2) {
    metrics_.add(metrics::Counter::kBridgeHooksFailed);
    if (status != 0) reason = "answered with an error";
    log::warning("bridge.hook_failed", "a webhook or copy-to post was not taken",
                 {{"host", host}, {"status", status}, {"reason", reason}});
  }
  while (in_flight_ < kMaxInFlight && !queue_.empty()) {
    const HookPost next = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= next.body.size();
    count_queue();
    start(next);
  }
}

void BridgePoster::count_queue() {
  metrics_.add(metrics::Gauge::kBridgeHookQueue, static_cast<std::int64_t>(queue_.size()) - counted_);
  counted_ = static_cast<std::int64_t>(queue_.size());
}

}  // namespace relay::frontend
