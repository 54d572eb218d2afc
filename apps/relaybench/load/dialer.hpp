// Opens client sockets without waiting: resolves once, connects non-blocking, takes source addresses in turn.
//
// One Dialer per target and process; one thread. The sockets are net::Connection's from then on: bytes queued
// before the connection stands leave as soon as it does, and a connection that cannot be made ends as one
// that was cut.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "net/address.hpp"

namespace relay::bench {

class Dialer {
 public:
  // Errors: kUnavailable "not_resolved", kInvalid "bad_source_address".
  static Result<Dialer> make(const net::Endpoint& target, const std::vector<std::string>& source_addresses);

  // A socket on its way. Errors: kUnavailable with errno's name in the code ("connect_EADDRNOTAVAIL").
  Result<int> dial();
  // Whether the target takes a connection at all; waits up to two seconds. Errors: kUnavailable
  // "not_reached".
  Result<void> try_once();

 private:
  struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
  };
  static Result<Address> resolve(const std::string& host, std::uint16_t port, bool numeric);
  static Result<Address> unix_address(const std::string& path);

  Address target_;
  std::string text_;
  std::vector<Address> sources_;
  std::size_t next_source_ = 0;
};

}  // namespace relay::bench
