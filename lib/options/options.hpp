// Every setting of relayd as plain data, with its default: the one place where defaults stand.
//
// A value; copied freely, immutable once a server runs on it (a reload makes a new one). options/table.hpp
// has one row per field with the key, bounds, help and reload behaviour, and a test holds the two together.
// The field of key "redis.url" is redis.url; two sections cannot be spelled in C++: operator.listen is
// operator_port.listen, [namespace.NAME] is namespaces[NAME]. Bytes and counts are std::int64_t >= 0.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace relay::options {

inline constexpr std::int64_t kKiB = 1024;
inline constexpr std::int64_t kMiB = 1024 * kKiB;

struct InstanceOptions {
  std::string id;  // empty: made up at start
  Milliseconds heartbeat_interval = std::chrono::seconds(30);
  Milliseconds dead_after = std::chrono::seconds(90);
};

struct OperatorOptions {
  std::string listen = "127.0.0.1:9103";  // empty: no operator port
  std::string token;                      // empty: the admin interface is on the admin socket alone
};

struct AdminOptions {
  std::string socket;  // empty: none. Left unset, load() makes it $RUNTIME_DIRECTORY/relayd.sock.
};

struct LogOptions {
  std::string level = "info";   // debug, info, warning, error
  std::string format = "auto";  // auto, text, logfmt, json, journal
  std::string file;             // empty: stderr
};

struct MemoryOptions {
  std::int64_t max_inbox_bytes = 8 * kMiB;
};

struct RedisOptions {
  std::string mode = "single";                 // single, sentinel, cluster
  std::string url = "redis://127.0.0.1:6379";  // read with parse_redis_url() of options/redis_url.hpp
  std::string sentinel_master;
  std::string sentinel_username;
  std::string sentinel_password;
  std::int64_t min_replicas = 0;
  std::string prefix = "relay";
  std::string username;  // not empty: instead of the one in url
  std::string password;  // not empty: instead of the one in url
  std::string tls_ca_file;
  std::string tls_cert_file;
  std::string tls_key_file;
  bool tls_skip_verify = false;
  Milliseconds connect_timeout = std::chrono::seconds(2);
  Milliseconds command_timeout = std::chrono::seconds(5);
  Milliseconds probe_interval = std::chrono::seconds(1);
  Milliseconds reconnect_min{50};
  Milliseconds reconnect_max{500};
  std::int64_t max_pending_commands = 100'000;
  std::int64_t max_pending_bytes = 64 * kMiB;
};

struct ClusterOptions {
  std::int64_t partitions = 64;
};

struct PublishOptions {
  Milliseconds timeout = std::chrono::seconds(5);
  std::int64_t max_bytes = 64 * kKiB;  // one payload
  std::int64_t max_batch_bytes = 4 * kMiB;
  std::int64_t max_batch_lines = 1000;
};

struct HttpOptions {
  Milliseconds header_timeout = std::chrono::seconds(10);
  Milliseconds body_timeout = std::chrono::seconds(30);
  Milliseconds idle_timeout = std::chrono::seconds(75);
  std::int64_t max_head_bytes = 64 * kKiB;
  std::int64_t max_connections = 0;  // 0: from the descriptor limit
};

struct SseOptions {
  Milliseconds heartbeat = std::chrono::seconds(25);
  std::int64_t max_channels = 1000;
  Milliseconds retry{0};  // 0: no retry line
};

struct WebsocketOptions {
  Milliseconds ping_interval = std::chrono::seconds(30);
  Milliseconds pong_timeout = std::chrono::seconds(10);
  std::int64_t max_message_bytes = 64 * kKiB;
  std::vector<std::string> allowed_origins;  // empty: any
  std::int64_t max_channels = 1000;
};

struct ClientOptions {
  std::int64_t max_queue_bytes = kMiB;
  Milliseconds write_timeout = std::chrono::seconds(30);
  std::int64_t hold_messages = 1000;  // held back for one subscriber that is catching up
  Milliseconds flush_interval{0};     // between two writes to a busy stream; 0: a turn of the loop
};

struct HistoryOptions {
  std::int64_t max_limit = 1000;
  Milliseconds max_wait = std::chrono::seconds(60);
};

// What is kept of a channel: [channel] for all, [namespace.NAME] for those of one namespace.
struct ChannelKeep {
  std::int64_t max_count = 1000;
  std::int64_t max_bytes = 64 * kMiB;
  Milliseconds max_age = std::chrono::minutes(5);
  bool ephemeral = false;
  bool presence = true;
  friend bool operator==(const ChannelKeep&, const ChannelKeep&) = default;
};

struct ChannelsOptions {
  bool enable = true;
};

struct BridgeOptions {
  bool enable = true;
  std::string path = "/bridge";
  Milliseconds heartbeat = std::chrono::seconds(10);
  std::int64_t rps_limit = 10;          // per address and second; 0: no limit
  std::int64_t connections_limit = 50;  // per address; 0: no limit
  Milliseconds max_ttl = std::chrono::minutes(5);
  std::int64_t max_message_bytes = 64 * kKiB;
  std::int64_t max_body_bytes = 10 * kMiB;            // of /bridge/verify
  Milliseconds max_lifetime = std::chrono::hours(2);  // 0: no end
  Milliseconds max_lifetime_jitter = std::chrono::minutes(15);
  std::vector<std::string> bypass_tokens;
  bool cors = true;
  Milliseconds connect_cache_ttl = std::chrono::minutes(5);
  std::vector<std::string> webhook_urls;
  std::string copy_to_url;
};

struct ProxyOptions {
  std::vector<std::string> trusted_ranges = {"127.0.0.0/8", "::1/128"};
};

struct CorsOptions {
  std::vector<std::string> allowed_origins;  // empty: no CORS headers on the channels front-end
  Milliseconds max_age = std::chrono::hours(24);
};

// All three count from the first SIGTERM. load() sees to delay + spread <= timeout.
struct DrainOptions {
  Milliseconds delay = std::chrono::seconds(5);
  Milliseconds spread = std::chrono::seconds(20);
  Milliseconds timeout = std::chrono::seconds(30);
};

struct TlsOptions {
  std::string certificate_file;
  std::string key_file;
  bool self_signed = false;
  std::string min_version = "1.2";  // 1.2, 1.3
};

struct Options {
  std::vector<std::string> listen = {"127.0.0.1:8081"};  // read with net::Endpoint::parse()
  std::string storage = "memory";                        // memory, redis
  std::string when_store_is_down = "reject";             // reject, local
  std::int64_t loops = 0;                                // 0: one per core
  bool io_uring = true;                                  // if built with it and the kernel allows it
  std::string state_directory;                           // empty: nothing is written to disk

  InstanceOptions instance;
  OperatorOptions operator_port;
  AdminOptions admin;
  LogOptions log;
  MemoryOptions memory;
  RedisOptions redis;
  ClusterOptions cluster;
  PublishOptions publish;
  HttpOptions http;
  SseOptions sse;
  WebsocketOptions websocket;
  ClientOptions client;
  HistoryOptions history;
  ChannelsOptions channels;
  BridgeOptions bridge;
  ProxyOptions proxy;
  CorsOptions cors;
  DrainOptions drain;
  TlsOptions tls;

  ChannelKeep channel;
  // Complete: what a [namespace.NAME] leaves out is taken from [channel] (for "bridge": from the entry here).
  std::map<std::string, ChannelKeep> namespaces = {{"bridge",
                                                    {.max_count = 10'000,
                                                     .max_bytes = 64 * kMiB,
                                                     .max_age = std::chrono::minutes(5),
                                                     .ephemeral = false,
                                                     .presence = false}}};
};

}  // namespace relay::options
