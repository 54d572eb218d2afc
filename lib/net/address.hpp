// Network addresses as relayd needs them: who a peer is, where to listen, which ranges are trusted. Values.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace relay::net {

// An IPv6 address, IPv4 ones mapped (::ffff:a.b.c.d); all zero for a Unix socket.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const IpAddress&) const = default;
  bool is_v4() const;
  std::string text() const;  // IPv4 in dotted form
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress of(const sockaddr_storage& address);
};

// "10.0.0.0/8", "2001:db8::/32", or a single address.
class IpRange {
 public:
  static Result<IpRange> parse(std::string_view text);
  bool contains(const IpAddress& address) const;

 private:
  IpAddress base_;
  int bits_ = 128;
};

// "127.0.0.1:8081", "[::1]:8081", ":8081" (every address), "unix:/run/relayd/relayd.sock". Port 0: any free
// one.
struct Endpoint {
  std::string host;  // empty: every address
  std::uint16_t port = 0;
  std::string unix_path;  // not empty: a Unix socket, host and port unused
  static Result<Endpoint> parse(std::string_view text);
  std::string text() const;
};

}  // namespace relay::net
