// The bridge's limits by client address, counted over all loops of the process. Any thread: each class has
// its lock.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "net/address.hpp"

namespace relay::frontend {

// Addresses are chosen by clients (IPv6 most freely): the seed keeps them from choosing collisions.
struct AddressHash {
  using is_avalanching = void;
  std::size_t seed = random_seed();
  std::size_t operator()(const net::IpAddress& address) const;
  static std::size_t random_seed();
};

// A token bucket per address: `rate` a second, and as many at once.
//
// A bucket is full again after one second, and a full one need not be kept: two generations, each a second
// long, hold every bucket that matters. When one generation is full it ends early, in favour of the client:
// memory stays below two generations.
class BridgeRateLimiter {
 public:
  explicit BridgeRateLimiter(std::size_t max_addresses = 65536) : max_addresses_(max_addresses) {}
  // Takes a token of `address`; false if there is none. REQUIRES: rate > 0.
  bool take(const net::IpAddress& address, std::int64_t rate, SteadyTime now);
  std::size_t size() const;

 private:
  struct Bucket {
    double tokens;
    SteadyTime at;
  };
  using Buckets = boost::unordered_flat_map<net::IpAddress, Bucket, AddressHash>;
  void rotate(SteadyTime now);

  const std::size_t max_addresses_;  // in one generation
  mutable std::mutex mutex_;
  Buckets current_;
  Buckets previous_;
  SteadyTime rotated_{};
};

// How many streams an address has open.
class BridgeConnections {
 public:
  // A place among the streams of an address, given back when it is destroyed. Outlived by the table.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept : table_(std::exchange(other.table_, nullptr)), address_(other.address_) {}
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { release(); }

   private:
    friend class BridgeConnections;
    Lease(BridgeConnections& table, const net::IpAddress& address) : table_(&table), address_(address) {}
    void release();
    BridgeConnections* table_ = nullptr;  // none: the stream is not counted
    net::IpAddress address_;
  };

  // Nothing if the address has `most` already.
  std::optional<Lease> enter(const net::IpAddress& address, std::int64_t most);
  std::size_t addresses() const;

 private:
  void leave(const net::IpAddress& address);
  mutable std::mutex mutex_;
  boost::unordered_flat_map<net::IpAddress, std::int64_t, AddressHash> open_;
};

// The place in `tokens` of the one that an Authorization field ("Bearer <token>" or the token alone) carries.
// Takes the same time whichever it is.
std::optional<std::size_t> find_bypass_token(const std::vector<std::string>& tokens,
                                             std::string_view authorization);

}  // namespace relay::frontend
