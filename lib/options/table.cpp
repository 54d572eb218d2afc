#include "options/table.hpp"

#include <algorithm>
#include <chrono>

#include "options/check.hpp"

// A field's key and accessor from one spelling, so that the two cannot disagree.
#define RELAY_FIELD(path) #path, RELAY_ACCESS(path)
#define RELAY_ACCESS(path) +[](Options& options) -> decltype((options.path)) { return options.path; }

namespace relay::options {
namespace {

using namespace std::chrono_literals;
constexpr std::int64_t kGiB = 1024 * kMiB;
constexpr std::int64_t kMillion = 1'000'000;

// Rows are built by type, then refined: text(...).secret().
struct RowBuilder {
  Row row;
  RowBuilder check(Check test) && { return row.check = test, std::move(*this); }
  RowBuilder live() && { return row.reload = Reload::kAtOnce, std::move(*this); }
  RowBuilder secrecy(Secrecy kind) && { return row.secrecy = kind, std::move(*this); }
  RowBuilder example(std::string_view value) && { return row.example = value, std::move(*this); }
  RowBuilder alias(std::string_view name, Unit unit = Unit::kPlain) && {
    return row.aliases.push_back({name, unit}), std::move(*this);
  }
};

RowBuilder make(std::string_view key, Field field, Type type, std::string_view help) {
  RowBuilder builder{{.key = key, .field = field, .type = type}};
  builder.row.help = help;
  return builder;
}

RowBuilder text(std::string_view key, std::string& (*field)(Options&), std::string_view help) {
  return make(key, field, Type::kString, help);
}

RowBuilder choice(std::string_view key, std::string& (*field)(Options&),
                  std::vector<std::string_view> choices, std::string_view help) {
  RowBuilder builder = make(key, field, Type::kChoice, help);
  builder.row.choices = std::move(choices);
  return builder;
}

RowBuilder flag(std::string_view key, bool& (*field)(Options&), std::string_view help) {
  return make(key, field, Type::kBool, help);
}

RowBuilder list(std::string_view key, std::vector<std::string>& (*field)(Options&), std::string_view help) {
  return make(key, field, Type::kList, help);
}

RowBuilder number(std::string_view key, Field field, Type type, std::int64_t min, std::int64_t max,
                  std::string_view help) {
  RowBuilder builder = make(key, field, type, help);
  builder.row.min = min;
  builder.row.max = max;
  return builder;
}

RowBuilder count(std::string_view key, std::int64_t& (*field)(Options&), std::int64_t min, std::int64_t max,
                 std::string_view help) {
  return number(key, field, Type::kCount, min, max, help);
}

RowBuilder bytes(std::string_view key, std::int64_t& (*field)(Options&), std::int64_t min, std::int64_t max,
                 std::string_view help) {
  return number(key, field, Type::kBytes, min, max, help);
}

RowBuilder duration(std::string_view key, Milliseconds& (*field)(Options&), Milliseconds min,
                    Milliseconds max, std::string_view help) {
  return number(key, field, Type::kDuration, min.count(), max.count(), help);
}

using Section = std::vector<RowBuilder>;

Section top_rows() {
  return {
      list(RELAY_FIELD(listen), "Public addresses, HOST:PORT; an empty host is every address of the machine")
          .check(check_endpoint)
          .alias("PORT", Unit::kPort),
      choice(RELAY_FIELD(storage), {"memory", "redis"}, "Where messages are kept")
          .alias("STORAGE", Unit::kStorage),
      choice(RELAY_FIELD(when_store_is_down), {"reject", "local"},
             "What becomes of a publish while the storage is away: reject answers 503, local delivers it to "
             "who listens on"
             " this instance alone, keeps nothing, and answers 202")
          .live(),
      count(RELAY_FIELD(loops), 0, 1024, "Event loops, one thread each; 0 is one per core"),
      flag(RELAY_FIELD(io_uring),
           "Hand what a turn writes to clients without TLS to the kernel in one call, if it allows io_uring; "
           "false "
           "writes to each by itself"),
      text(RELAY_FIELD(state_directory),
           "Directory for what outlives the process; empty keeps nothing on disk")
          .example("\"/var/lib/relayd\""),
      text(RELAY_FIELD(instance.id),
           "Name of this instance, different on each; empty makes one up and keeps it in state_directory")
          .check(check_instance_id)
          .example("\"relay-1\"")
          .alias("INSTANCE_ID"),
      duration(RELAY_FIELD(instance.heartbeat_interval), 100ms, 1h,
               "How often this instance says that it lives")
          .alias("WS_HEARTBEAT_INTERVAL", Unit::kMilliseconds),
      duration(RELAY_FIELD(instance.dead_after), 200ms, 24h, "Silence after which others remove an instance")
          .alias("WS_DEAD_INSTANCE_THRESHOLD", Unit::kMilliseconds),
      text("operator.listen", RELAY_ACCESS(operator_port.listen),
           "Address of health, readiness and metrics; empty is off")
          .check(check_endpoint)
          .alias("METRICS_PORT", Unit::kPort),
      text("operator.token", RELAY_ACCESS(operator_port.token),
           "Bearer token for the admin interface on the operator address; empty is off there")
          .check(check_optional_token)
          .live()
          .secrecy(Secrecy::kSecret),
      text(RELAY_FIELD(admin.socket),
           "Unix socket for relayctl; unset is relayd.sock in $RUNTIME_DIRECTORY, empty is off")
          .example("\"/run/relayd/relayd.sock\""),
      choice(RELAY_FIELD(log.level), {"debug", "info", "warning", "error"},
             "Lines below this level are left out")
          .live()
          .alias("LOG_LEVEL", Unit::kLevel),
      choice(RELAY_FIELD(log.format), {"auto", "text", "logfmt", "json", "journal"},
             "Form of a line, where auto is journal under systemd, text on a terminal, logfmt otherwise"),
      text(RELAY_FIELD(log.file), "File to append to, reopened on SIGUSR1; empty is standard error")
          .example("\"/var/log/relayd.log\""),
  };
}

Section storage_rows() {
  return {
      bytes(RELAY_FIELD(memory.max_inbox_bytes), 64 * kKiB, 64 * kGiB,
            "Bytes of messages that an event loop has yet to take; what comes then is read from the backlog, "
            "or "
            "skipped if it is ephemeral"),
      choice(RELAY_FIELD(redis.mode), {"single", "sentinel", "cluster"},
             "What redis.url names: the server, the sentinels that know it, or nodes of a Redis Cluster"),
      text(RELAY_FIELD(redis.url),
           "redis://, rediss:// (TLS) or unix:// address, with USER:PASSWORD@ and /DATABASE if need be; "
           "several "
           "hosts are separated by commas")
          .check(check_redis_url)
          .secrecy(Secrecy::kUrl)
          .alias("REDIS_URL")
          .alias("VALKEY_URI"),
      text(RELAY_FIELD(redis.prefix), "First part of every key in Redis").check(check_key_prefix),
      text(RELAY_FIELD(redis.username), "ACL user, instead of the one in redis.url").example("\"relay\""),
      text(RELAY_FIELD(redis.password), "Password, instead of the one in redis.url")
          .secrecy(Secrecy::kSecret),
      text(RELAY_FIELD(redis.tls_ca_file), "Certificates to trust for rediss://; empty is the system's")
          .example("\"/etc/relayd/redis-ca.pem\""),
      text(RELAY_FIELD(redis.tls_cert_file), "Client certificate for rediss://")
          .example("\"/etc/relayd/redis-client.pem\""),
      text(RELAY_FIELD(redis.tls_key_file), "Key of the client certificate")
          .example("\"/etc/relayd/redis-client.key\""),
      flag(RELAY_FIELD(redis.tls_skip_verify), "Accept any certificate from Redis, for tests only"),
      text(RELAY_FIELD(redis.sentinel_master), "Name under which the sentinels know the master")
          .example("\"mymaster\""),
      text(RELAY_FIELD(redis.sentinel_username), "ACL user of the sentinels themselves").example("\"relay\""),
      text(RELAY_FIELD(redis.sentinel_password), "Password of the sentinels themselves")
          .secrecy(Secrecy::kSecret),
      count(RELAY_FIELD(redis.min_replicas), 0, 16,
            "Replicas that must have a message before its publish is acknowledged"),
      duration(RELAY_FIELD(redis.connect_timeout), 10ms, 5min, "Time for connecting, TLS and login together"),
      duration(RELAY_FIELD(redis.command_timeout), 10ms, 5min, "Time for the answer to one command"),
      duration(RELAY_FIELD(redis.probe_interval), 50ms, 1min, "How often each link is proven end to end"),
      duration(RELAY_FIELD(redis.reconnect_min), 1ms, 1min, "First pause before connecting again"),
      duration(RELAY_FIELD(redis.reconnect_max), 1ms, 10min, "Longest pause before connecting again"),
      count(RELAY_FIELD(redis.max_pending_commands), 1, 100 * kMillion,
            "Commands waiting for an answer, per event loop; further publishes get 503"),
      bytes(RELAY_FIELD(redis.max_pending_bytes), 64 * kKiB, 64 * kGiB,
            "Bytes of commands waiting for an answer, per event loop; further publishes get 503"),
      count(RELAY_FIELD(cluster.partitions), 1, 1024,
            "Parts that channels are spread over in a Redis Cluster; laid down by the first instance, never "
            "changed"),
  };
}

Section request_rows() {
  return {
      duration(RELAY_FIELD(publish.timeout), 10ms, 5min, "Time within which every publish is answered")
          .live(),
      bytes(RELAY_FIELD(publish.max_bytes), 1, 16 * kMiB, "Greatest payload of one message; more gets 413")
          .live(),
      bytes(RELAY_FIELD(publish.max_batch_bytes), 1, kGiB, "Greatest body of a batch publish").live(),
      count(RELAY_FIELD(publish.max_batch_lines), 1, kMillion, "Most messages in a batch publish").live(),
      duration(RELAY_FIELD(http.header_timeout), 10ms, 10min,
               "Time for a request head to arrive; later gets 408")
          .live(),
      duration(RELAY_FIELD(http.body_timeout), 10ms, 1h, "Time for a request body to arrive; later gets 408")
          .live(),
      duration(RELAY_FIELD(http.idle_timeout), 10ms, 24h,
               "Silence after which a kept-alive connection is closed")
          .live(),
      bytes(RELAY_FIELD(http.max_head_bytes), kKiB, kMiB, "Greatest request head; more gets 431").live(),
      count(RELAY_FIELD(http.max_connections), 0, 100 * kMillion,
            "Client connections; further ones get 503. 0 is derived from the descriptor limit")
          .live(),
      duration(RELAY_FIELD(sse.heartbeat), 100ms, 1h, "Pause after which a comment line keeps a stream alive")
          .live(),
      count(RELAY_FIELD(sse.max_channels), 1, 10'000, "Most channels on one stream").live(),
      duration(RELAY_FIELD(sse.retry), 0ms, 1h, "Reconnect pause advised to clients; 0 advises none").live(),
      duration(RELAY_FIELD(websocket.ping_interval), 100ms, 1h, "Silence after which a client is pinged")
          .live(),
      duration(RELAY_FIELD(websocket.pong_timeout), 100ms, 10min, "Time for the answer to a ping").live(),
      bytes(RELAY_FIELD(websocket.max_message_bytes), 125, 16 * kMiB,
            "Greatest message from a client; more is closed with 1009")
          .live(),
      list(RELAY_FIELD(websocket.allowed_origins), "Origins that may connect; empty is any")
          .check(check_origin)
          .live()
          .example("[\"https://app.example\"]"),
      count(RELAY_FIELD(websocket.max_channels), 1, 10'000, "Most channels of one client").live(),
      bytes(RELAY_FIELD(client.max_queue_bytes), 4 * kKiB, kGiB,
            "Bytes that wait for one client that does not read; then it is closed")
          .live(),
      duration(RELAY_FIELD(client.write_timeout), 100ms, 1h,
               "Time without progress after which a client is closed")
          .live(),
      count(RELAY_FIELD(client.hold_messages), 1, kMillion,
            "New messages held back for one client while it reads what it missed")
          .live(),
      duration(RELAY_FIELD(client.flush_interval), 0ms, 1s,
               "A stream with more than one message in this time gets them together at its end; 0s: at once")
          .live(),
      count(RELAY_FIELD(history.max_limit), 1, 100'000, "Most messages in one answer").live(),
      duration(RELAY_FIELD(history.max_wait), 0ms, 1h, "Longest wait of a long poll").live(),
  };
}

Section channel_rows() {
  return {
      count(RELAY_FIELD(channel.max_count), 1, 10 * kMillion, "Messages kept of a channel").live(),
      bytes(RELAY_FIELD(channel.max_bytes), kKiB, 64 * kGiB, "Payload bytes kept of a channel").live(),
      duration(RELAY_FIELD(channel.max_age), 100ms, 30 * 24h,
               "How long a message is kept; also the greatest ttl of a publish")
          .live(),
      flag(RELAY_FIELD(channel.ephemeral), "Keep nothing: live delivery only").live(),
      flag(RELAY_FIELD(channel.presence), "Remember who subscribes, so that it can be asked").live(),
      flag(RELAY_FIELD(channels.enable), "Serve /v1"),
  };
}

Section bridge_rows() {
  return {
      flag(RELAY_FIELD(bridge.enable), "Serve the TON Connect bridge"),
      text(RELAY_FIELD(bridge.path), "Path that its three routes stand under").check(check_url_path),
      duration(RELAY_FIELD(bridge.heartbeat), 100ms, 1h, "Pause between heartbeats on a stream")
          .live()
          .alias("HEARTBEAT_INTERVAL", Unit::kSeconds),
      count(RELAY_FIELD(bridge.rps_limit), 0, kMillion, "Requests a second from one address; 0 is no limit")
          .live()
          .alias("RPS_LIMIT"),
      count(RELAY_FIELD(bridge.connections_limit), 0, kMillion, "Streams from one address; 0 is no limit")
          .live()
          .alias("CONNECTIONS_LIMIT"),
      duration(RELAY_FIELD(bridge.max_ttl), 1s, 24h, "Greatest ttl of a message").live(),
      bytes(RELAY_FIELD(bridge.max_message_bytes), 1, 16 * kMiB, "Greatest body of /message").live(),
      bytes(RELAY_FIELD(bridge.max_body_bytes), 1, 64 * kMiB, "Greatest body of /verify")
          .live()
          .alias("MAX_BODY_SIZE"),
      duration(RELAY_FIELD(bridge.max_lifetime), 0ms, 30 * 24h, "Age at which a stream is ended; 0 is never")
          .live()
          .alias("SSE_MAX_LIFETIME", Unit::kSeconds),
      duration(RELAY_FIELD(bridge.max_lifetime_jitter), 0ms, 24h, "Random time added to max_lifetime")
          .live()
          .alias("SSE_MAX_LIFETIME_JITTER", Unit::kSeconds),
      list(RELAY_FIELD(bridge.bypass_tokens), "Bearer tokens whose requests no limit applies to")
          .check(check_token)
          .live()
          .secrecy(Secrecy::kSecret)
          .alias("RATE_LIMITS_BY_PASS_TOKEN"),
      flag(RELAY_FIELD(bridge.cors), "Answer every origin with CORS headers").live().alias("CORS_ENABLE"),
      duration(RELAY_FIELD(bridge.connect_cache_ttl), 1s, 24h, "How long /verify remembers a connection")
          .live()
          .alias("CONNECT_CACHE_TTL", Unit::kSeconds),
      list(RELAY_FIELD(bridge.webhook_urls), "Addresses told of every message that names a topic")
          .check(check_http_url)
          .live()
          .example("[\"https://hooks.example/bridge\"]")
          .alias("WEBHOOK_URL"),
      text(RELAY_FIELD(bridge.copy_to_url), "Address that gets a copy of every message; empty is off")
          .check(check_http_url)
          .live()
          .example("\"https://copy.example/bridge/message\"")
          .alias("COPY_TO_URL"),
  };
}

Section edge_rows() {
  return {
      list(RELAY_FIELD(proxy.trusted_ranges),
           "Proxies whose X-Forwarded-For is believed, as addresses or CIDR")
          .check(check_ip_range)
          .live()
          .alias("TRUSTED_PROXY_RANGES"),
      list(RELAY_FIELD(cors.allowed_origins),
           "Origins that may use /v1 from a browser page; empty is CORS off")
          .check(check_origin)
          .live()
          .example("[\"https://app.example\"]"),
      duration(RELAY_FIELD(cors.max_age), 0ms, 7 * 24h,
               "How long browsers remember the answer to a preflight")
          .live(),
      duration(RELAY_FIELD(drain.delay), 0ms, 1h, "After SIGTERM: not ready, still accepting, for so long")
          .live()
          .alias("SHUTDOWN_DRAIN_DELAY", Unit::kSeconds),
      duration(RELAY_FIELD(drain.spread), 0ms, 1h, "Then clients are sent away evenly over this time").live(),
      duration(RELAY_FIELD(drain.timeout), 0ms, 2h,
               "Hard stop, counted from SIGTERM; at least delay and spread")
          .live()
          .alias("SHUTDOWN_TIMEOUT", Unit::kSecondsAfterDelay),
      text(RELAY_FIELD(tls.certificate_file), "Certificate chain (PEM); with it the public port speaks TLS")
          .live()
          .example("\"/etc/relayd/tls/fullchain.pem\""),
      text(RELAY_FIELD(tls.key_file), "Key of the certificate (PEM)")
          .live()
          .example("\"/etc/relayd/tls/key.pem\""),
      flag(RELAY_FIELD(tls.self_signed), "Speak TLS with a certificate made at start, for tests only")
          .alias("SELF_SIGNED_TLS"),
      choice(RELAY_FIELD(tls.min_version), {"1.2", "1.3"}, "Oldest TLS version that is spoken").live(),
  };
}

std::vector<Row> build_rows() {
  std::vector<Row> table;
  for (Section (*section)() : {top_rows, storage_rows, request_rows, channel_rows, bridge_rows, edge_rows}) {
    for (RowBuilder& builder : section()) table.push_back(std::move(builder.row));
  }
  return table;
}

const Row* find_row(std::string_view key) {
  const auto found =
      std::find_if(rows().begin(), rows().end(), [&](const Row& row) { return row.key == key; });
  return found == rows().end() ? nullptr : &*found;
}

// The [channel] row that types a namespace's key; `key` stays what the value is stored under.
std::optional<KeyMatch> find_namespace_key(std::string_view key) {
  const auto parts = namespace_key(key);
  const Row* row = parts ? find_row("channel." + std::string(parts->leaf)) : nullptr;
  if (row == nullptr) return std::nullopt;
  return KeyMatch{row, std::string(key), false};
}

}  // namespace

std::span<const Row> rows() {
  static const std::vector<Row> table = build_rows();
  return table;
}

std::string_view section_of(std::string_view key) {
  const auto dot = key.rfind('.');
  return dot == key.npos ? std::string_view() : key.substr(0, dot);
}

std::string_view leaf_of(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

std::optional<NamespaceKey> namespace_key(std::string_view key) {
  constexpr std::string_view kPrefix = "namespace.";
  if (!key.starts_with(kPrefix)) return std::nullopt;
  const std::string_view name = section_of(key.substr(kPrefix.size()));
  if (name.empty()) return std::nullopt;
  return NamespaceKey{name, leaf_of(key)};
}

std::optional<KeyMatch> find_key(std::string_view key) {
  if (const Row* row = find_row(key)) return KeyMatch{row, std::string(key), false};
  constexpr std::string_view kTwin = "_file";
  if (key.ends_with(kTwin)) {
    const Row* row = find_row(key.substr(0, key.size() - kTwin.size()));
    if (row != nullptr && row->secrecy == Secrecy::kSecret) return KeyMatch{row, std::string(row->key), true};
  }
  return find_namespace_key(key);
}

}  // namespace relay::options
