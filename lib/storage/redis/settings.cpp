#include "storage/redis/settings.hpp"

namespace relay::redis {

RedisSettings settings_of(const options::Options& options, std::string instance) {
  const options::RedisOptions& from = options.redis;
  RedisSettings settings;
  settings.mode = from.mode == "cluster"    ? Mode::kCluster
                  : from.mode == "sentinel" ? Mode::kSentinel
                                            : Mode::kSingle;
  settings.server = options::redis_target(from);
  settings.sentinel_master = from.sentinel_master;
  settings.sentinel_username = from.sentinel_username;
  settings.sentinel_password = from.sentinel_password;
  settings.partitions = static_cast<std::uint32_t>(options.cluster.partitions);
  settings.min_replicas = static_cast<std::uint32_t>(from.min_replicas);
  settings.prefix = from.prefix;
  settings.instance = std::move(instance);
  settings.tls_ca_file = from.tls_ca_file;
  settings.tls_cert_file = from.tls_cert_file;
  settings.tls_key_file = from.tls_key_file;
  settings.connect_timeout = from.connect_timeout;
  settings.command_timeout = from.command_timeout;
  settings.publish_timeout = options.publish.timeout;
  settings.probe_interval = from.probe_interval;
  settings.reconnect_min = from.reconnect_min;
  settings.reconnect_max = from.reconnect_max;
  settings.max_record_bytes = static_cast<std::uint64_t>(options.publish.max_bytes);
  settings.max_pending_commands = static_cast<std::size_t>(from.max_pending_commands);
  settings.max_pending_bytes = static_cast<std::size_t>(from.max_pending_bytes);
  return settings;
}

RedisSettings settings_for(const RedisSettings& settings, const options::RedisHost& place) {
  RedisSettings its = settings;
  its.server.host = place.host;
  its.server.port = place.port;
  its.server.more_hosts.clear();
  return its;
}

std::string node_name(const RedisSettings& settings) {
  const options::RedisUrl& server = settings.server;
  if (!server.unix_path.empty()) return server.unix_path;
  const bool is_ipv6 = server.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

}  // namespace relay::redis
