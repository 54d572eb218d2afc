#include "frontend/http_session.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "base/scratch_text.hpp"
#include "frontend/admin_handlers.hpp"
#include "frontend/bridge_answers.hpp"
#include "frontend/bridge_state.hpp"
#include "frontend/cors.hpp"
#include "frontend/errors.hpp"
#include "frontend/routes.hpp"

namespace relay::frontend {
namespace {

// Pipelined input that waits for the current answer; beyond it reading stops anyway, so this is one read's
// worth.
constexpr std::size_t kMaxWaiting = 2 * net::IoLoop::kReadBufferBytes;

constexpr std::size_t kMaxLoggedPath = 300;

// A refusal is its client's affair: who looks for the cause sets log.level to debug.
void log_refusal(const net::Connection& connection, int status, const wire::HttpRequest* request,
                 std::string_view why) {
  if (!log::enabled(log::Level::kDebug)) return;
  log::debug("request.refused", why,
             {{"status", status},
              {"method", request == nullptr ? "" : request->method},
              {"path", request == nullptr ? "" : std::string(request->path().substr(0, kMaxLoggedPath))},
              {"peer", connection.peer().text()}});
}

wire::HttpLimits limits_for(const options::Options& options, Plane plane) {
  wire::HttpLimits limits;
  limits.max_head_bytes = static_cast<std::size_t>(options.http.max_head_bytes);
  std::int64_t body = std::max(options.publish.max_bytes, options.publish.max_batch_bytes);
  if (options.bridge.enable)
    body = std::max({body, options.bridge.max_message_bytes, options.bridge.max_body_bytes});
  limits.max_body_bytes = static_cast<std::size_t>(
      plane == Plane::kPublic ? body : std::max(64 * options::kKiB, options.publish.max_bytes));
  return limits;
}

// The admin interface asks for its token wherever a file's permissions do not guard it.
std::optional<wire::HttpResponse> refusal_of(const RouteMatch& match, Plane plane,
                                             const options::Options& options,
                                             const wire::HttpRequest& request) {
  if (match.route == nullptr || match.route->plane != Plane::kAdmin || plane == Plane::kAdmin) return {};
  return refuse_admin(options.operator_port.token, request);
}

wire::HttpResponse router_error(FrontEnd front_end, int status, std::string_view code,
                                std::string_view message) {
  if (front_end == FrontEnd::kBridge) return bridge_bare_error(status, message);
  return error_response(front_end, status, code, message);
}

}  // namespace

net::IpAddress Exchange::client_address() const {
  const net::IpAddress peer = session_->connection_.peer();
  const auto trusted = [this](const net::IpAddress& address) {
    const auto& ranges = context_.settings->trusted_proxies;
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const net::IpRange& range) { return range.contains(address); });
  };
  // The peer of a Unix socket is a proxy on this machine, let in by the socket's permissions.
  if (peer != net::IpAddress{} && !trusted(peer)) return peer;
  const auto headers = request_.header_all("X-Forwarded-For");
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    const auto hops = split(*header, ',');
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
      const auto address = net::IpAddress::parse(trim(*hop));
      if (!address) return peer;
      if (!trusted(*address)) return *address;
    }
  }
  return peer;
}

wire::HttpResponse Exchange::with_common_headers(wire::HttpResponse response) const {
  switch (front_end_) {
    case FrontEnd::kChannels:
      add_cors_headers(context_.settings->options.cors, request_, response);
      break;
    case FrontEnd::kBridge:
      add_bridge_cors(context_.settings->options.bridge, request_, response);
      break;
    case FrontEnd::kOperator:
    case FrontEnd::kAdmin:
      break;
  }
  return response;
}

void Exchange::respond(wire::HttpResponse response) {
  if (session_ == nullptr) return;
  HttpSession* session = std::exchange(session_, nullptr);
  if (waiter_ != nullptr) {
    // The waiter may be the caller: it lives until the end of the turn.
    struct Grave final : net::Disposable {
      std::unique_ptr<Waiter> waiter;
    };
    auto grave = std::make_unique<Grave>();
    grave->waiter = std::move(waiter_);
    context_.loop.dispose(std::move(grave));
  }
  session->finish(with_common_headers(std::move(response)));
}

void Exchange::flush() {
  if (last_session_ != nullptr) last_session_->connection_.flush();
}

void Exchange::wait(std::unique_ptr<Waiter> waiter, Milliseconds delay) {
  if (session_ == nullptr) return;
  waiter_ = std::move(waiter);
  session_->connection_.set_deadline(delay);
}

net::Connection& Exchange::connection() {
  return session_->connection_;
}

void Exchange::upgrade(std::unique_ptr<net::ConnectionHandler> stream) {
  HttpSession* session = std::exchange(session_, nullptr);
  net::Connection& connection = session->connection_;
  std::string rest = std::move(session->waiting_);
  const bool input_ended = session->input_ended_;
  net::ConnectionHandler* handler = stream.get();
  connection.become(std::move(stream));
  connection.resume_reading();
  if (!rest.empty()) handler->on_data(rest);
  if (input_ended && !connection.closing() && !handler->on_end_of_input()) connection.close_after_flush();
}

HttpSession::HttpSession(net::Connection& connection, LoopContext& context, Plane plane)
    : connection_(connection),
      context_(context),
      parser_(limits_for(context.settings->options, plane)),
      plane_(plane) {
  connection_.set_deadline(context_.settings->options.http.header_timeout);
}

HttpSession::~HttpSession() {
  if (exchange_ == nullptr) return;
  exchange_->session_ = exchange_->last_session_ = nullptr;
  exchange_->waiter_.reset();
}

void HttpSession::on_data(std::string_view bytes) {
  if (exchange_ != nullptr || !waiting_.empty()) {
    waiting_.append(bytes);
    if (waiting_.size() >= kMaxWaiting) connection_.pause_reading();
    if (exchange_ != nullptr) return;
    const std::string all = std::move(waiting_);
    waiting_.clear();
    return feed(all);
  }
  feed(bytes);
}

// Hot: once per request. Handles every whole request in `bytes` until one is answered later than now.
void HttpSession::feed(std::string_view bytes) {
  feeding_ = true;
  while (!bytes.empty() && exchange_ == nullptr && !closing_) {
    const bool fresh = !parser_.started();
    const bool had_head = parser_.head_complete();
    bytes.remove_prefix(parser_.feed(bytes));
    switch (parser_.state()) {
      case wire::HttpRequestParser::State::kDone:
        dispatch();
        // Requests that follow in the same read would wait for the end of the turn, one after the other.
        if (exchange_ != nullptr && !bytes.empty()) context_.storage->settle();
        break;
      case wire::HttpRequestParser::State::kFailed:
        fail(parser_.error_status(), parser_.error_message());
        break;
      case wire::HttpRequestParser::State::kNeedMore:
        if (parser_.wants_continue()) {
          connection_.send_copy("HTTP/1.1 100 Continue\r\n\r\n");
          parser_.continue_sent();
        }
        // Once a part each: a byte now and then buys no more time.
        if (parser_.head_complete()) {
          if (!had_head) connection_.set_deadline(context_.settings->options.http.body_timeout);
        } else if (fresh && parser_.started()) {
          connection_.set_deadline(context_.settings->options.http.header_timeout);
        }
        break;
    }
  }
  feeding_ = false;
  if (input_ended_ && exchange_ == nullptr && !closing_) {
    closing_ = true;
    return connection_.close_after_flush();
  }
  // A stream has taken over when exchange_ is set and detached; what is left was handed to it by upgrade().
  if (!bytes.empty() && exchange_ != nullptr && !closing_) {
    if (exchange_->session_ == this) {
      waiting_.append(bytes);
    } else if (connection_.handler() != this && connection_.handler() != nullptr) {
      connection_.handler()->on_data(bytes);
    }
  }
}

void HttpSession::dispatch() {
  const options::Options& options = context_.settings->options;
  connection_.clear_deadline();
  exchange_ = std::make_shared<Exchange>(*this, context_, parser_.take_request());
  const ExchangePtr exchange = exchange_;
  keep_alive_ = exchange->request_.keep_alive && !context_.shared.draining.load(std::memory_order_relaxed);
  RouteMatch match = find_route(options, plane_, exchange->request_.method, exchange->request_.path());
  exchange->route_ = match.route;
  exchange->front_end_ = match.front_end;
  exchange->started_ = context_.loop.clock().steady();
  exchange->parameter_ = std::move(match.parameter);
  if (match.bad_parameter) {
    exchange->respond(
        error_response(match.front_end, 400, "bad_escape", "the path has a broken percent-escape"));
  } else if (auto refusal = refusal_of(match, plane_, options, exchange->request_)) {
    exchange->respond(std::move(*refusal));
  } else if (match.route != nullptr) {
    match.route->handler(exchange);
  } else if (match.allowed.empty()) {
    exchange->respond(router_error(match.front_end, 404, "not_found", "Not Found"));
  } else if (exchange->request_.method == "OPTIONS") {
    exchange->respond(preflight_response(options.cors, exchange->request_, match.allowed));
  } else {
    wire::HttpResponse response =
        router_error(match.front_end, 405, "method_not_allowed", "Method Not Allowed");
    response.headers.emplace_back("Allow", match.allowed);
    exchange->respond(std::move(response));
  }
}

void HttpSession::finish(wire::HttpResponse response) {
  const ExchangePtr exchange = std::move(exchange_);
  exchange_.reset();
  const wire::HttpRequest& request = exchange->request_;
  // After a half-close only what is already here is answered.
  const bool keep = keep_alive_ && (!input_ended_ || feeding_ || !waiting_.empty());
  context_.metrics.add(response.status < 400   ? metrics::Counter::kHttpRequests2xx
                       : response.status < 500 ? metrics::Counter::kHttpRequests4xx
                                               : metrics::Counter::kHttpRequests5xx);
  if (exchange->front_end_ == FrontEnd::kBridge)
    count_bridge_request(*exchange, response.status, response.body.size());
  if (response.status >= 400) log_refusal(connection_, response.status, &request, "a request was refused");
  {
    ScratchText out;
    wire::append_response(*out, response, keep, request.method == "HEAD", request.version_minor);
    connection_.send_copy(*out);
  }
  exchange->last_session_ = this;
  if (!keep) {
    closing_ = true;
    return connection_.close_after_flush();
  }
  connection_.set_deadline(context_.settings->options.http.idle_timeout);
  if (feeding_) return;  // feed() goes on with what it has
  const std::string rest = std::move(waiting_);
  waiting_.clear();
  if (!rest.empty()) feed(rest);
  if (exchange_ == nullptr) connection_.resume_reading();
}

// The framing is lost: answer and close.
void HttpSession::fail(int status, std::string_view message) {
  closing_ = true;
  std::string out;
  std::string code = status == 413   ? "too_large"
                     : status == 431 ? "head_too_large"
                     : status == 408 ? "timeout"
                                     : "bad_request";
  wire::append_response(out, error_response(FrontEnd::kChannels, status, code, message), false, false, 1);
  context_.metrics.add(metrics::Counter::kHttpRequests4xx);
  log_refusal(connection_, status, nullptr, message);
  if (status == 408) context_.metrics.add(metrics::Counter::kConnectionsRefusedTimeout);
  connection_.send_copy(out);
  connection_.close_after_flush();
}

bool HttpSession::on_end_of_input() {
  input_ended_ = true;
  return exchange_ != nullptr && exchange_->waiter_ == nullptr;
}

void HttpSession::on_deadline() {
  if (exchange_ != nullptr) {
    const ExchangePtr exchange = exchange_;
    if (exchange->waiter_ != nullptr) exchange->waiter_->on_deadline();
  } else if (parser_.started()) {
    fail(408, parser_.head_complete() ? "the request body did not arrive in time"
                                      : "the request head did not arrive in time");
  } else {
    connection_.close();
  }
}

void HttpSession::on_drain() {
  keep_alive_ = false;
  if (exchange_ == nullptr && !parser_.started()) {
    // An idle peer that is not being told anything has nothing to linger for.
    if (connection_.queued_bytes() == 0) return connection_.close();
    connection_.close_after_flush();
  } else if (exchange_ != nullptr && exchange_->waiter_ != nullptr) {
    const ExchangePtr exchange = exchange_;
    exchange->waiter_->on_deadline();
  }
}

}  // namespace relay::frontend
