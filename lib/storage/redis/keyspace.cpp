#include "storage/redis/keyspace.hpp"

#include <openssl/sha.h>

#include "base/bytes.hpp"
#include "hub/channel.hpp"

namespace relay::redis {

Keyspace::Keyspace(std::string_view prefix, std::string_view tag) : sharded_(!tag.empty()) {
  const std::string p = std::string(prefix) + (tag.empty() ? "" : ":{" + std::string(tag) + "}");
  seq_ = p + ":seq";
  epoch_ = p + ":epoch";
  history_ = p + ":history";
  forks_ = p + ":forks";
  layout_ = p + ":layout";
  log_ = p + ":log:";
  bytes_ = p + ":bytes:";
  last_ = p + ":last:";
  idem_ = p + ":idem:";
  bus_ = p + ":bus:";
  probe_ = p + ":probe:";
  instances_ = p + ":instances";
  instance_ = p + ":instance:";
  heartbeat_ = std::string(prefix) + ":instance:";
  held_ = p + ":held:";
  subs_ = p + ":subs:";
  presence_ = bus_ + std::string(hub::kPresencePrefix);
  purge_lease_ = p + ":lease:purge";
}

std::string Keyspace::idempotency(std::string_view channel, std::string_view key) const {
  return idem_ + std::string(channel) + ":" + short_hash(key);
}

std::string Keyspace::probe(std::string_view instance, int loop) const {
  return probe_ + std::string(instance) + ":" + std::to_string(loop);
}

std::string_view Keyspace::channel_of(std::string_view topic) const {
  return topic.starts_with(bus_) ? topic.substr(bus_.size()) : std::string_view();
}

std::string short_hash(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest), 16));
}

}  // namespace relay::redis
