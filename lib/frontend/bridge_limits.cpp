#include "frontend/bridge_limits.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <random>

namespace relay::frontend {
namespace {

constexpr std::chrono::seconds kGeneration{1};

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::size_t AddressHash::random_seed() {
  static const std::size_t seed = std::random_device{}();
  return seed;
}

std::size_t AddressHash::operator()(const net::IpAddress& address) const {
  std::uint64_t halves[2];
  static_assert(sizeof halves == sizeof address.bytes);
  std::copy(address.bytes.begin(), address.bytes.end(), reinterpret_cast<std::uint8_t*>(halves));
  std::size_t hash = seed;
  boost::hash_combine(hash, halves[0]);
  boost::hash_combine(hash, halves[1]);
  return hash;
}

bool BridgeRateLimiter::take(const net::IpAddress& address, std::int64_t rate, SteadyTime now) {
  const auto burst = static_cast<double>(rate);
  const std::lock_guard lock(mutex_);
  if (now - rotated_ >= kGeneration || current_.size() >= max_addresses_) rotate(now);
  auto [found, fresh] = current_.try_emplace(address, Bucket{burst, now});
  Bucket& bucket = found->second;
  if (fresh) {
    const auto before = previous_.find(address);
    if (before != previous_.end()) bucket = before->second;
  }
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.tokens = std::min(burst, bucket.tokens + burst * std::max(0.0, passed.count()));
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void BridgeRateLimiter::rotate(SteadyTime now) {
  std::swap(previous_, current_);
  current_.clear();
  rotated_ = now;
}

std::size_t BridgeRateLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return current_.size() + previous_.size();
}

std::optional<BridgeConnections::Lease> BridgeConnections::enter(const net::IpAddress& address,
                                                                 std::int64_t most) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.try_emplace(address, 0).first;
  if (found->second >= most) {
    if (found->second == 0) open_.erase(found);
    return {};
  }
  ++found->second;
  return Lease(*this, address);
}

void BridgeConnections::leave(const net::IpAddress& address) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(address);
  if (found != open_.end() && --found->second == 0) open_.erase(found);
}

std::size_t BridgeConnections::addresses() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

BridgeConnections::Lease& BridgeConnections::Lease::operator=(Lease&& other) noexcept {
  release();
  table_ = std::exchange(other.table_, nullptr);
  address_ = other.address_;
  return *this;
}

void BridgeConnections::Lease::release() {
  if (table_ != nullptr) std::exchange(table_, nullptr)->leave(address_);
}

std::optional<std::size_t> find_bypass_token(const std::vector<std::string>& tokens,
                                             std::string_view authorization) {
  constexpr std::string_view kBearer = "Bearer ";
  if (authorization.starts_with(kBearer)) authorization.remove_prefix(kBearer.size());
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].empty() && equals_in_constant_time(tokens[i], authorization) && !found) found = i;
  }
  return found;
}

}  // namespace relay::frontend
