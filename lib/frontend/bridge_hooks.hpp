// The bridge's webhook and copy-to: messages that are also POSTed elsewhere. What is sent (pure functions),
// and who sends it.
//
// BridgePoster is a small HTTP/1.1 client of one loop: one connection per POST, kMaxInFlight at a time,
// others wait in a bounded queue; what finds it full is dropped, counted and logged. Nothing is tried twice,
// and no publisher waits for it. https checks the certificate against the system's authorities and the host's
// name. Loop thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "metrics/loop_metrics.hpp"
#include "options/options.hpp"

namespace boost::asio::ssl {
class context;
}

namespace relay::frontend {

struct HttpUrl {
  bool tls = false;
  std::string host;    // IPv6 without brackets
  std::string port;    // "80" and "443" when not said
  std::string target;  // path and query, at least "/"
  static std::optional<HttpUrl> parse(std::string_view url);
  std::string host_field() const;  // as the Host header has it
};

struct HookPost {
  std::string url;
  std::string content_type;  // empty: none
  std::string body;
};

// POST <each webhook>/<sender>, {"topic":…,"hash":<the message>}.
std::vector<HookPost> webhook_posts(const std::vector<std::string>& webhook_urls, std::string_view sender,
                                    std::string_view topic, std::string_view message);
// The URL with its query replaced by all parameters of the request, sorted by key, as Go's url.Values.Encode.
HookPost copy_post(std::string_view copy_to_url, std::vector<QueryPair> parameters, std::string_view message);

class BridgePoster : public std::enable_shared_from_this<BridgePoster> {
 public:
  static constexpr std::size_t kMaxInFlight = 32;
  static constexpr std::size_t kMaxQueued = 1000;
  static constexpr std::size_t kMaxQueuedBytes = 16 * options::kMiB;
  static constexpr Milliseconds kTimeout{5000};

  BridgePoster(boost::asio::io_context& context, metrics::LoopMetrics& metrics,
               std::shared_ptr<boost::asio::ssl::context> tls);
  ~BridgePoster();
  void post(HookPost hook);
  std::size_t queued() const { return queue_.size(); }

 private:
  template <class Stream>
  class Attempt;
  void start(const HookPost& hook);
  // `status` 0: no answer, `reason` says why.
  void finished(const std::string& host, int status, std::string_view reason);
  void count_queue();

  boost::asio::io_context& context_;
  metrics::LoopMetrics& metrics_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::deque<HookPost> queue_;
  std::size_t queued_bytes_ = 0;
  std::int64_t counted_ = 0;  // of queue_, in the gauge
  std::size_t in_flight_ = 0;
};

// Trusts the system's authorities.
std::shared_ptr<boost::asio::ssl::context> make_hook_tls();

}  // namespace relay::frontend
