// HTTP/1 on one connection: requests in, answers out in their order, until a stream takes the connection
// over.
//
// One request is handled at a time; what a client pipelines behind it waits, bounded, and reading stops
// meanwhile. An Exchange is one request and its one answer: handlers get it as a shared_ptr, may keep it
// across an asynchronous call, and answer from any later turn of the same loop. When the client leaves first,
// the answer goes nowhere. Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "frontend/context.hpp"
#include "net/connection.hpp"
#include "wire/http1.hpp"
#include "wire/http_response.hpp"

namespace relay::frontend {

class HttpSession;
struct Route;
enum class FrontEnd : std::uint8_t;  // routes.hpp

// Which routes a listener serves.
enum class Plane : std::uint8_t { kPublic, kOperator, kAdmin };

// Something that waits on behalf of an exchange (a long poll). Destroyed with the exchange.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual void on_deadline() = 0;  // of Exchange::wait()
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(HttpSession& session, LoopContext& context, wire::HttpRequest&& request)
      : session_(&session), context_(context), request_(std::move(request)) {}

  LoopContext& context() { return context_; }
  const wire::HttpRequest& request() const { return request_; }
  wire::HttpRequest& mutable_request() { return request_; }
  // The part of the path that stood for `{}` in the route, percent-decoded.
  const std::string& parameter() const { return parameter_; }
  const Route* route() const { return route_; }
  SteadyTime started() const { return started_; }  // when the request was whole

  // The peer, or the client it speaks for when it is a trusted proxy (X-Forwarded-For, from the right).
  // REQUIRES: connected().
  net::IpAddress client_address() const;
  bool connected() const { return session_ != nullptr; }

  // The answer. Exactly once; a second one is ignored.
  void respond(wire::HttpResponse response);
  // Writes the answer now, not at the end of the turn: an acknowledgement that must not be overtaken.
  // REQUIRES: same turn as respond().
  void flush();

  // Keeps `waiter` until the answer, and calls its on_deadline() after `delay`.
  void wait(std::unique_ptr<Waiter> waiter, Milliseconds delay);

  // Hands the connection to a stream; no answer follows. Bytes the client sent behind the request go to it.
  // REQUIRES: connected().
  net::Connection& connection();
  void upgrade(std::unique_ptr<net::ConnectionHandler> stream);

  // Headers every answer of this request carries (CORS); also for streams, which write their own head.
  wire::HttpResponse with_common_headers(wire::HttpResponse response) const;

 private:
  friend class HttpSession;
  HttpSession* session_;                 // nullptr once answered or the client has gone
  HttpSession* last_session_ = nullptr;  // for flush()
  LoopContext& context_;
  wire::HttpRequest request_;
  const Route* route_ = nullptr;
  FrontEnd front_end_{};  // of the path, also without a route
  SteadyTime started_{};
  std::string parameter_;
  std::unique_ptr<Waiter> waiter_;
};
using ExchangePtr = std::shared_ptr<Exchange>;

class HttpSession final : public net::ConnectionHandler {
 public:
  HttpSession(net::Connection& connection, LoopContext& context, Plane plane);
  ~HttpSession() override;

  void on_data(std::string_view bytes) override;
  bool on_end_of_input() override;
  void on_deadline() override;
  void on_drain() override;

 private:
  friend class Exchange;
  void start_request();
  void feed(std::string_view bytes);
  void dispatch();
  void finish(wire::HttpResponse response);
  void fail(int status, std::string_view message);
  void set_idle_deadline();

  net::Connection& connection_;
  LoopContext& context_;
  wire::HttpRequestParser parser_;
  std::string waiting_;  // pipelined bytes behind the request being handled
  ExchangePtr exchange_;
  const Plane plane_;
  bool feeding_ = false;
  bool input_ended_ = false;
  bool keep_alive_ = true;
  bool closing_ = false;
};

}  // namespace relay::frontend
