// Opens client sockets without waiting: resolves once, connects non-blocking, takes source addresses in turn.
//
// One Dialer per target and process; one thread. The sockets are net::Connection's from then on: bytes queued
// before the connection stands leave as soon as it does, and a connection that cannot be made ends as one
// that was cut.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "net/address.hpp"
#include "net/connection.hpp"
#include "net/tls_client.hpp"
#include "plan.hpp"

namespace relay::bench {

class Dialer {
 public:
  // To where `url` points: http, ws, https, wss, http+unix, ws+unix. Errors: kUnavailable "not_resolved",
  // kInvalid "bad_url", "bad_source_address", "bad_certificate".
  static relay::Result<Dialer> make(const std::string& url, const TargetPlan& target);

  // A connection on its way, owned by the set; it needs a handler at once. Errors: kUnavailable with errno's
  // name in the code ("connect_EADDRNOTAVAIL").
  relay::Result<net::Connection*> dial(net::IoLoop& loop, metrics::LoopMetrics& metrics,
                                       net::ConnectionSet& set);
  // Whether the target takes a connection at all, and TLS where it is asked for; waits up to two seconds for
  // each. Errors: kUnavailable "not_reached".
  relay::Result<void> try_once();

 private:
  struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
  };
  relay::Result<int> open_socket();
  static relay::Result<Address> resolve(const std::string& host, std::uint16_t port, bool numeric);
  static relay::Result<Address> unix_address(const std::string& path);

  Address target_;
  std::string text_;
  std::string host_;
  std::shared_ptr<const net::TlsClientContext> tls_;  // none: in the clear
  std::vector<Address> sources_;
  std::size_t next_source_ = 0;
};

}  // namespace relay::bench
