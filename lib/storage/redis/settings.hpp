// What a RedisStore needs to know, and how it follows from the options. A value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "options/options.hpp"
#include "options/redis_url.hpp"

namespace relay::redis {

enum class Mode { kSingle, kSentinel, kCluster };

struct RedisSettings {
  Mode mode = Mode::kSingle;
  options::RedisUrl server;       // the server; or the sentinels; or where to look for the cluster first
  std::string sentinel_master;    // sentinel only: the master's name
  std::string sentinel_username;  // of the sentinels; server.username is of the servers
  std::string sentinel_password;
  std::uint32_t partitions = 64;    // cluster only; elsewhere there is one
  std::uint32_t min_replicas = 0;   // that must have a message before its append is answered
  std::string prefix = "relay";     // of every key and topic
  std::string instance = "relayd";  // this process, unique among those that share the store
  bool visits = false;              // a tool that looks in: it begins no life of the data, and hears nothing
  std::string tls_ca_file;          // PEM; empty: the machine's own
  std::string tls_cert_file;        // PEM; empty: no client certificate
  std::string tls_key_file;         // PEM
  Milliseconds connect_timeout{2'000};  // name, TCP, TLS and handshake together
  Milliseconds command_timeout{5'000};  // a read or a watch, waiting for the link included
  Milliseconds publish_timeout{5'000};  // an append
  Milliseconds probe_interval{1'000};   // twice this without an end-to-end proof: the link is dead
  Milliseconds reconnect_min{50};       // backoff doubles from here ...
  Milliseconds reconnect_max{
      600};  // ... to here, with full jitter: whole again within 1 s of Redis answering
  std::uint64_t max_record_bytes = 64 * 1024;  // about publish.max_bytes: decides where bytes must be counted
  std::size_t max_pending_commands = 100'000;  // of one event loop
  std::size_t max_pending_bytes = std::size_t{64} << 20;  // of one event loop, not yet written
};

// REQUIRES: options that load() has checked. `instance` as above.
RedisSettings settings_of(const options::Options& options, std::string instance);

// The same for one server of several: another place, else nothing changes.
RedisSettings settings_for(const RedisSettings& settings, const options::RedisHost& place);

// "127.0.0.1:6379" or the path of the Unix socket: the node's name in health, logs and metrics.
std::string node_name(const RedisSettings& settings);

}  // namespace relay::redis
