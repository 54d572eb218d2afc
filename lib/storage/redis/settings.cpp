#include "storage/redis/settings.hpp"

namespace relay::redis {

std::string node_name(const RedisSettings& settings) {
  const options::RedisUrl& server = settings.server;
  if (!server.unix_path.empty()) return server.unix_path;
  const bool is_ipv6 = server.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

}  // namespace relay::redis
