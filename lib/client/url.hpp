// Where a client connects and what it asks for: the URL forms of relay's own tools (RFC 3986).
//
//     http://host:port/path?query     ws://host:port/path?query      (port 80 if none)
//     http+unix://%2Frun%2Frelayd%2Frelayd.sock/path?query           (also ws+unix: a Unix socket,
//     percent-encoded)
//
// Values; any thread. Errors: kInvalid "bad_url".
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/address.hpp"

namespace relay::client {

struct Url {
  net::Endpoint endpoint;  // its host may be a name
  std::string target = "/";
  static Result<Url> parse(std::string_view text);
};

// What the Host field says for it: "localhost" for a Unix socket.
std::string host_field(const net::Endpoint& endpoint);

}  // namespace relay::client
