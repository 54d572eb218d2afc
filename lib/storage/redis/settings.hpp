// What a RedisStorage needs to know; the server fills it from the options. A value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "options/redis_url.hpp"

namespace relay::redis {

struct RedisSettings {
  options::RedisUrl server;          // parse_redis_url()
  std::string prefix = "relay";      // of every key and topic
  std::string instance = "relayd";   // this process, unique among those that share the store
  std::string tls_ca_file;           // PEM; empty: the machine's own
  std::string tls_cert_file;         // PEM; empty: no client certificate
  std::string tls_key_file;          // PEM
  Milliseconds connect_timeout{2'000};   // name, TCP, TLS and handshake together
  Milliseconds command_timeout{5'000};   // a read or a watch, waiting for the link included
  Milliseconds publish_timeout{5'000};   // an append
  Milliseconds probe_interval{1'000};    // twice this without an end-to-end proof: the link is dead
  Milliseconds reconnect_min{50};        // backoff doubles from here ...
  Milliseconds reconnect_max{600};       // ... to here, with full jitter: whole again within 1 s of Redis answering
  std::uint64_t max_record_bytes = 64 * 1024;  // about publish.max_bytes: decides where bytes must be counted
  std::size_t max_pending_commands = 100'000;             // of one event loop
  std::size_t max_pending_bytes = std::size_t{64} << 20;  // of one event loop, not yet written
};

// "127.0.0.1:6379" or the path of the Unix socket: the node's name in health, logs and metrics.
std::string node_name(const RedisSettings& settings);

}  // namespace relay::redis
