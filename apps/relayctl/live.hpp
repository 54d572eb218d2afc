// The live plane: requests to one running relayd, over its admin socket or its operator address.
//
// Blocking, with a deadline on every wait; one thread. Where relayd is: --server (or the profile's), else the
// admin socket of relayd's settings, else the operator address of relayd's settings; what was tried stands in
// the failure. An answer that is an error becomes a Failure here and nowhere else.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"
#include "cli/console.hpp"
#include "cli/failure.hpp"
#include "cli/output.hpp"
#include "client/http_client.hpp"
#include "client/sse_client.hpp"
#include "vocabulary.hpp"

namespace relay::ctl {

class Live {
 public:
  static Outcome<Live> connect(const Arguments& arguments, const Console& console);

  // JSON of a 2xx answer; anything else is a failure. `target` begins with '/'.
  Outcome<Json> get(const std::string& target);
  Outcome<Json> post(const std::string& target, const Json& body = Json::object());
  // All entries of a list that comes in pages: the member `key` of each page. `target` may have a query.
  Outcome<std::vector<Json>> list(const std::string& target, const std::string& key);
  // The answer, whatever its status.
  Outcome<client::HttpReply> exchange(std::string_view method, const std::string& target,
                                      const client::HeaderList& headers = {}, std::string_view body = {});
  // A stream of events (200), opened on a connection of its own.
  Outcome<client::SseClient> stream(const std::string& target, const std::string& last_event_id = {});

  // What an answer that is no 2xx means.
  Failure refusal(const client::HttpReply& reply, const std::string& target) const;

  std::string where() const { return endpoint_.text(); }  // "unix:/run/relayd/relayd.sock"
  const net::Endpoint& endpoint() const { return endpoint_; }
  Milliseconds timeout() const { return timeout_; }

 private:
  Live(net::Endpoint endpoint, std::string token, Milliseconds timeout, const Console& console,
       client::HttpClient http);
  client::HeaderList with_token(client::HeaderList headers) const;
  Failure lost(const Error& error, const std::string& target) const;

  net::Endpoint endpoint_;
  std::string token_;
  Milliseconds timeout_;
  const Console* console_;
  client::HttpClient http_;
};

// "unix:PATH", "HOST:PORT", "http://HOST:PORT"; a usage failure otherwise.
Outcome<net::Endpoint> parse_server(const std::string& text);

// "?a=b&c=d" of what is not empty, percent-encoded; empty for nothing.
std::string query_of(std::initializer_list<std::pair<std::string_view, std::string>> parameters);

}  // namespace relay::ctl
