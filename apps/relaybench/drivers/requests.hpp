// Writing the requests of the drivers (RFC 9112, RFC 6455 §4.1). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan.hpp"

namespace relay::bench {

// Where requests go, and the fields that all of them have: taken from a TargetPlan once.
class Site {
 public:
  // Errors: kInvalid "bad_url": no http, https, ws or wss URL with a host.
  static relay::Result<Site> make(std::string_view url,
                                  const std::vector<std::pair<std::string, std::string>>& headers);

  // The path of the URL without a slash at its end: what the driver's own paths stand behind.
  const std::string& base() const { return base_; }

  // GET of a text/event-stream. `more`: whole field lines.
  void append_sse_get(std::string& out, std::string_view target, std::string_view token,
                      std::string_view more = {}) const;
  // GET that becomes a WebSocket.
  void append_ws_get(std::string& out, std::string_view target, std::string_view token,
                     std::string_view more = {}) const;
  void append_post(std::string& out, std::string_view target, std::string_view token, std::string_view body,
                   std::string_view more = {}) const;

 private:
  void append_fields(std::string& out, std::string_view token, std::string_view more) const;

  std::string base_;
  std::string fields_;  // Host and what the user wants besides
};

// Both ends of a target: publish_url counts for publishing, url otherwise.
struct Sites {
  Site streams;
  Site publish;
  static relay::Result<Sites> make(const TargetPlan& target);
};

// A value in a query or a form: all but unreserved letters (RFC 3986 §2.3) as %XX.
void append_percent_encoded(std::string& out, std::string_view text);
std::string percent_encoded(std::string_view text);

// What stands between `before` and the next `after`; nothing (a view without data()) when it is not there.
std::string_view between(std::string_view text, std::string_view before, std::string_view after);

}  // namespace relay::bench
