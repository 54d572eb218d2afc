// The address of a Redis or Valkey server, or of several that know of the same, in one line.
//
//   redis://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]]...[/DATABASE][?skip_verify=true]
//   rediss://…                                   the same over TLS
//   unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE] over a Unix socket
//
// USER, PASSWORD and PATH may be percent-encoded. Parameters of other clients (go-redis) are not an error;
// they are listed in `ignored`. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "options/options.hpp"

namespace relay::options {

struct RedisHost {
  std::string host;  // without brackets
  std::uint16_t port = 6379;
  friend bool operator==(const RedisHost&, const RedisHost&) = default;
};

struct RedisUrl {
  bool tls = false;
  std::string unix_path;  // empty: TCP
  std::string host;       // without brackets
  std::uint16_t port = 6379;
  std::vector<RedisHost> more_hosts;  // behind the first: sentinels, or nodes of a cluster
  std::string username;
  std::string password;
  std::int64_t database = 0;
  bool skip_verify = false;
  std::vector<std::string> ignored;  // names of parameters that have no effect
};

// kInvalid, "bad_redis_url". The message never contains the URL: it may hold a password.
Result<RedisUrl> parse_redis_url(std::string_view text);

// redis.url with redis.username, redis.password and redis.tls_skip_verify laid over it: where to connect.
// REQUIRES: the URL is well-formed, as load() has seen to.
RedisUrl redis_target(const RedisOptions& redis);

// The same text with the password replaced by "***". Works on malformed ones too.
std::string mask_redis_url(std::string_view text);

}  // namespace relay::options
