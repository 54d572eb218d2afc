// Every metric once: one row gives its enumerator, its Prometheus name, its label, and its help.
//
// Rows of COUNTERS, GAUGES and HISTOGRAMS are counted by event loops (metrics/loop_metrics.hpp) and summed
// when scraped. Rows of SAMPLES are asked for when scraped (storage health, process). Rows of SERIES have
// labels that are only known at run time, bounded in number (metrics/request_series.hpp). A new metric is one
// row here and one add() at its owner; exposition and tests read these tables.
//
// Conventions: relayd_ prefix, base units, _total for counters, no channel and no client in a label. Rows
// that share a name stand together and differ in the label's value. Names of earlier systems (ws_*, bridge_*,
// number_of_*, http_*) are kept so that their dashboards go on working; some of them promtool's lint rejects,
// and Lint says what the clean exposition does about it. Constants; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace relay::metrics {

enum class Lint {
  kClean,    // passes as it is
  kUntyped,  // passes without its type: a counter whose old name lacks _total
  kLeftOut,  // never passes (_ms): only in the exposition of all names
};
enum class Type { kCounter, kGauge, kHistogram };
enum class Combine { kSum, kMax };  // how the loops' values become one

// Most buckets of any histogram below, +Inf not counted.
inline constexpr std::size_t kMaxBuckets = 16;

// 100 us to 10 s.
inline constexpr std::array<double, 16> kDurationBuckets{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
// As the bridge's own, so that its dashboards read the same.
inline constexpr std::array<double, 11> kClientIdBuckets{1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100};
inline constexpr std::array<double, 11> kHttpDurationBuckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                             0.5,   1,    2.5,   5,    10};
inline constexpr std::array<double, 10> kHttpSizeBuckets{1024,   2048,    5120,    10240,   102400,
                                                         512000, 1048576, 2621440, 5242880, 10485760};

// clang-format off

// X(enumerator, name, label key, label value, lint, help)
#define RELAY_METRICS_COUNTERS(X) \
  X(kConnectionsAccepted, "relayd_connections_accepted_total", "", "", kClean, "Client connections accepted.") \
  X(kConnectionsRefusedLimit, "relayd_connections_refused_total", "reason", "limit", kClean, "Client connections refused, by reason.") \
  X(kConnectionsRefusedAddressLimit, "relayd_connections_refused_total", "reason", "address_limit", kClean, "Client connections refused, by reason.") \
  X(kConnectionsRefusedTimeout, "relayd_connections_refused_total", "reason", "timeout", kClean, "Client connections refused, by reason.") \
  X(kHttpRequests2xx, "relayd_http_requests_total", "code", "2xx", kClean, "HTTP requests answered, by class of status.") \
  X(kHttpRequests4xx, "relayd_http_requests_total", "code", "4xx", kClean, "HTTP requests answered, by class of status.") \
  X(kHttpRequests5xx, "relayd_http_requests_total", "code", "5xx", kClean, "HTTP requests answered, by class of status.") \
  X(kMessagesPublished, "relayd_messages_published_total", "", "", kClean, "Messages stored and acknowledged for publishers of this instance.") \
  X(kPublishedLocally, "relayd_messages_published_locally_total", "", "", kClean, "Messages delivered on this instance alone, the storage being away.") \
  X(kPublishFailedInvalid, "relayd_publish_failed_total", "reason", "invalid", kClean, "Publishes that were not acknowledged, by reason.") \
  X(kPublishFailedUnavailable, "relayd_publish_failed_total", "reason", "unavailable", kClean, "Publishes that were not acknowledged, by reason.") \
  X(kPublishFailedUnknown, "relayd_publish_failed_total", "reason", "unknown", kClean, "Publishes that were not acknowledged, by reason.") \
  X(kPublishFailedTooLarge, "relayd_publish_failed_total", "reason", "too_large", kClean, "Publishes that were not acknowledged, by reason.") \
  X(kPublishFailedConflict, "relayd_publish_failed_total", "reason", "conflict", kClean, "Publishes that were not acknowledged, by reason.") \
  X(kPublishFailedLimited, "relayd_publish_failed_total", "reason", "limited", kClean, "Publishes that were not acknowledged, by reason.") \
  X(kMessagesDelivered, "relayd_messages_delivered_total", "", "", kClean, "Messages handed to subscribers of this instance, replayed ones included.") \
  X(kMessagesDroppedEphemeralSlow, "relayd_messages_dropped_total", "reason", "ephemeral_slow", kClean, "Messages a subscriber was not given, by reason.") \
  X(kMessagesDroppedSlowClosed, "relayd_messages_dropped_total", "reason", "slow_closed", kClean, "Messages a subscriber was not given, by reason.") \
  X(kMessagesDroppedInboxFull, "relayd_messages_dropped_total", "reason", "inbox_full", kClean, "Messages a subscriber was not given, by reason.") \
  X(kSlowClientsClosed, "relayd_slow_clients_closed_total", "", "", kClean, "Clients closed because they did not read; they resume from their cursor.") \
  X(kGaps, "relayd_gaps_total", "", "", kClean, "Gap events: a subscriber was told that messages are no longer kept.") \
  X(kResumes, "relayd_resumes_total", "", "", kClean, "Subscriptions that began at a cursor.") \
  X(kReplayedMessages, "relayd_replayed_messages_total", "", "", kClean, "Messages delivered from the backlog.") \
  X(kHoldOverflows, "relayd_hold_overflows_total", "", "", kClean, "Replays that began again because too much arrived while history was read.") \
  X(kHeals, "relayd_heals_total", "", "", kClean, "Interruptions of the storage link after which open streams were made whole.") \
  X(kHealedMessages, "relayd_healed_messages_total", "", "", kClean, "Messages delivered to open streams from the backlog after an interruption.") \
  X(kStorageReconnects, "relayd_storage_reconnects_total", "", "", kClean, "Connections to the storage opened again after a loss.") \
  X(kStorageRedirects, "relayd_storage_redirects_total", "", "", kClean, "Commands that one node of the storage sent on to another.") \
  X(kStorageDataLosses, "relayd_storage_data_losses_total", "", "", kClean, "Times the storage was found to have lost messages that it had taken; their streams are told of a gap.") \
  X(kStorageQueueFull, "relayd_storage_queue_full_total", "", "", kClean, "Requests refused because the queue of storage commands was full.") \
  X(kHeartbeats, "relayd_heartbeats_total", "", "", kClean, "Heartbeats of this instance that were begun.") \
  X(kInstanceIdConflicts, "relayd_instance_id_conflicts_total", "", "", kClean, "Times another process was found to have this instance's id.") \
  X(kInstancesPurged, "relayd_instances_purged_total", "", "", kClean, "Dead instances that this one removed from the registry.") \
  X(kPresencePurged, "relayd_purged_presence_entries_total", "", "", kClean, "Presence entries of dead instances that this one removed.") \
  X(kPresenceOverflows, "relayd_presence_overflows_total", "", "", kClean, "Times all presence was entered anew because too many joins and leaves waited.") \
  X(kSentBytes, "relayd_sent_bytes_total", "", "", kClean, "Bytes written to clients.") \
  X(kReceivedBytes, "relayd_received_bytes_total", "", "", kClean, "Bytes read from clients.") \
  X(kWriteCalls, "relayd_write_calls_total", "", "", kClean, "Writes to the sockets of clients; one system call may carry several.") \
  X(kWebSocketsAccepted, "ws_connections_total", "", "", kClean, "WebSocket connections accepted by this instance.") \
  X(kBroadcasts, "ws_messages_broadcast_total", "", "", kClean, "Broadcasts accepted from WebSocket clients of this instance.") \
  X(kCrossInstanceMessages, "ws_cross_instance_messages_total", "", "", kClean, "Messages of other instances that this instance received.") \
  X(kBridgeTransferred, "number_of_transfered_messages", "", "", kUntyped, "Bridge messages accepted for transfer.") \
  X(kBridgeDelivered, "number_of_delivered_messages", "", "", kUntyped, "Bridge messages delivered to streams.") \
  X(kBridgeBadRequests, "number_of_bad_requests", "", "", kUntyped, "Bridge requests refused as bad.") \
  X(kBridgeExpired, "number_of_expired_messages", "", "", kUntyped, "Bridge messages that expired before delivery.") \
  X(kBridgeHooksDropped, "relayd_bridge_hooks_failed_total", "reason", "queue_full", kClean, "Webhook and copy-to posts that were not taken, by reason.") \
  X(kBridgeHooksFailed, "relayd_bridge_hooks_failed_total", "reason", "not_taken", kClean, "Webhook and copy-to posts that were not taken, by reason.")

// X(enumerator, name, label key, label value, combine, help)
#define RELAY_METRICS_GAUGES(X) \
  X(kClientsSse, "relayd_clients", "transport", "sse", kSum, "Clients connected now, by transport.") \
  X(kClientsWebSocket, "relayd_clients", "transport", "websocket", kSum, "Clients connected now, by transport.") \
  X(kClientsLongPoll, "relayd_clients", "transport", "longpoll", kSum, "Clients connected now, by transport.") \
  X(kConnections, "relayd_connections", "", "", kSum, "Client sockets open now.") \
  X(kSubscriptions, "relayd_subscriptions", "", "", kSum, "Pairs of subscriber and channel.") \
  X(kChannels, "relayd_channels", "", "", kSum, "Channels with a subscriber here, counted once on each event loop.") \
  X(kClientSendQueueBytes, "relayd_client_send_queue_bytes", "", "", kSum, "Bytes queued for clients and not yet taken by the kernel.") \
  X(kHoldQueueMessages, "relayd_hold_queue_messages", "", "", kSum, "Live messages held until a replay is done.") \
  X(kStoragePendingCommands, "relayd_storage_pending_commands", "", "", kSum, "Storage commands sent or queued and not answered.") \
  X(kStoragePendingBytes, "relayd_storage_pending_bytes", "", "", kSum, "Bytes of storage commands not yet sent.") \
  X(kStorageWaiting, "relayd_storage_waiting", "", "", kSum, "Reads and redirected commands that wait for the storage.") \
  X(kInstances, "relayd_instances", "", "", kMax, "Living instances in the registry, as of the last sweep.") \
  X(kPresencePending, "relayd_presence_pending", "", "", kSum, "Joins and leaves that the registry has yet to be told.") \
  X(kEventLoopLagMicros, "relayd_event_loop_lag_seconds", "", "", kMax, "Time the slowest event loop was late at its last tick.") \
  X(kBridgeConnections, "number_of_acitve_connections", "", "", kSum, "Bridge streams open now.") \
  X(kBridgeSubscriptions, "number_of_active_subscriptions", "", "", kSum, "Client ids of the bridge's open streams.") \
  X(kBridgeHookQueue, "relayd_bridge_hook_queue", "", "", kSum, "Webhook and copy-to posts that wait to be sent.")

// X(enumerator, name, buckets, help)
#define RELAY_METRICS_HISTOGRAMS(X) \
  X(kDeliveryLatency, "relayd_delivery_latency_seconds", kDurationBuckets, "Time from storing a live message to handing it to subscribers.") \
  X(kPublishDuration, "relayd_publish_duration_seconds", kDurationBuckets, "Time from taking a publish to answering it.") \
  X(kStorageCommandDuration, "relayd_storage_command_duration_seconds", kDurationBuckets, "Time from sending a storage command to its answer.") \
  X(kBridgeClientIds, "number_of_client_ids_per_connection", kClientIdBuckets, "Client ids per bridge stream.")

// X(enumerator, name, type, help)
#define RELAY_METRICS_SAMPLES(X) \
  X(kBuildInfo, "relayd_build_info", kGauge, "Always 1; version, commit and compiler are labels.") \
  X(kStartTime, "relayd_start_time_seconds", kGauge, "When this instance started, as Unix time.") \
  X(kDraining, "relayd_draining", kGauge, "1 while the instance drains.") \
  X(kConfigReloadSuccess, "relayd_config_reload_success", kGauge, "0 if the last reload of the configuration failed.") \
  X(kTlsCertificateEnd, "relayd_tls_certificate_not_after_timestamp_seconds", kGauge, "When the certificate of the listeners ends, as Unix time; only with TLS.") \
  X(kStorageUp, "relayd_storage_up", kGauge, "1 if the storage node answers, by node.") \
  X(kStorageProbeAge, "relayd_storage_probe_age_seconds", kGauge, "Time since the storage node last proved that it delivers, by node.") \
  X(kBacklogMessages, "relayd_backlog_messages", kGauge, "Messages kept in memory storage.") \
  X(kBacklogBytes, "relayd_backlog_bytes", kGauge, "Payload bytes kept in memory storage.") \
  X(kInboxBytes, "relayd_inbox_bytes", kGauge, "Bytes of messages in memory storage that event loops have yet to take.") \
  X(kInboxOverflows, "relayd_inbox_overflows_total", kCounter, "Times the inbox of an event loop was full: kept messages were then read from the backlog, ephemeral ones skipped.") \
  X(kBridgeInfo, "bridge_info", kGauge, "Always 1; engine, version and storage are labels.") \
  X(kBridgeHealth, "bridge_health_status", kGauge, "1 if the storage answers.") \
  X(kBridgeReady, "bridge_ready_status", kGauge, "1 if the instance takes new clients.") \
  X(kProcessCpu, "process_cpu_seconds_total", kCounter, "User and system CPU time spent.") \
  X(kProcessResidentMemory, "process_resident_memory_bytes", kGauge, "Resident memory size.") \
  X(kProcessVirtualMemory, "process_virtual_memory_bytes", kGauge, "Virtual memory size.") \
  X(kProcessOpenFiles, "process_open_fds", kGauge, "Open file descriptors.") \
  X(kProcessMaxFiles, "process_max_fds", kGauge, "Most file descriptors the process may open.") \
  X(kProcessStartTime, "process_start_time_seconds", kGauge, "Start of the process, as Unix time.")

// X(enumerator, name, type, lint, help)
#define RELAY_METRICS_SERIES(X) \
  X(kBridgeTokenUsage, "bridge_token_usage", kCounter, kUntyped, "Requests that used a bypass token, by the token's place in the list.") \
  X(kHttpRequests, "http_requests_total", kCounter, kClean, "Bridge requests answered.") \
  X(kHttpDuration, "http_request_duration_seconds", kHistogram, kClean, "Time to answer a bridge request.") \
  X(kHttpRequestSize, "http_request_size_bytes", kHistogram, kClean, "Size of bridge requests.") \
  X(kHttpResponseSize, "http_response_size_bytes", kHistogram, kClean, "Size of answers to bridge requests.")

// clang-format on

#define RELAY_METRICS_ENUMERATOR(enumerator, ...) enumerator,
#define RELAY_METRICS_COUNT(...) +1

enum class Counter : std::size_t { RELAY_METRICS_COUNTERS(RELAY_METRICS_ENUMERATOR) };
enum class Gauge : std::size_t { RELAY_METRICS_GAUGES(RELAY_METRICS_ENUMERATOR) };
enum class Histogram : std::size_t { RELAY_METRICS_HISTOGRAMS(RELAY_METRICS_ENUMERATOR) };
enum class Sample : std::size_t { RELAY_METRICS_SAMPLES(RELAY_METRICS_ENUMERATOR) };
enum class Series : std::size_t { RELAY_METRICS_SERIES(RELAY_METRICS_ENUMERATOR) };

inline constexpr std::size_t kCounters = 0 RELAY_METRICS_COUNTERS(RELAY_METRICS_COUNT);
inline constexpr std::size_t kGauges = 0 RELAY_METRICS_GAUGES(RELAY_METRICS_COUNT);
inline constexpr std::size_t kHistograms = 0 RELAY_METRICS_HISTOGRAMS(RELAY_METRICS_COUNT);
inline constexpr std::size_t kSamples = 0 RELAY_METRICS_SAMPLES(RELAY_METRICS_COUNT);
inline constexpr std::size_t kSeries = 0 RELAY_METRICS_SERIES(RELAY_METRICS_COUNT);

#undef RELAY_METRICS_ENUMERATOR
#undef RELAY_METRICS_COUNT

struct Buckets {
  const double* first;
  std::size_t count;
  template <std::size_t N>
  constexpr Buckets(const std::array<double, N>& bounds)
      : first(bounds.data()), count(N) {  // NOLINT: from a table
    static_assert(N <= kMaxBuckets);
  }
  constexpr const double* begin() const { return first; }
  constexpr const double* end() const { return first + count; }
};

struct CounterRow {
  Counter counter;
  std::string_view name, label, label_value;
  Lint lint;
  std::string_view help;
};
struct GaugeRow {
  Gauge gauge;
  std::string_view name, label, label_value;
  Combine combine;
  std::string_view help;
};
struct HistogramRow {
  Histogram histogram;
  std::string_view name;
  Buckets buckets;
  std::string_view help;
};
struct SampleRow {
  Sample sample;
  std::string_view name;
  Type type;
  std::string_view help;
};
struct SeriesRow {
  Series series;
  std::string_view name;
  Type type;
  Lint lint;
  std::string_view help;
};

// In the order of the enumerators: row i describes enumerator i.
#define RELAY_METRICS_ROW(e, name, label, value, lint, help) \
  CounterRow{Counter::e, name, label, value, Lint::lint, help},
inline constexpr std::array<CounterRow, kCounters> kCounterRows{RELAY_METRICS_COUNTERS(RELAY_METRICS_ROW)};
#undef RELAY_METRICS_ROW
#define RELAY_METRICS_ROW(e, name, label, value, combine, help) \
  GaugeRow{Gauge::e, name, label, value, Combine::combine, help},
inline constexpr std::array<GaugeRow, kGauges> kGaugeRows{RELAY_METRICS_GAUGES(RELAY_METRICS_ROW)};
#undef RELAY_METRICS_ROW
#define RELAY_METRICS_ROW(e, name, buckets, help) HistogramRow{Histogram::e, name, buckets, help},
inline constexpr std::array<HistogramRow, kHistograms> kHistogramRows{
    RELAY_METRICS_HISTOGRAMS(RELAY_METRICS_ROW)};
#undef RELAY_METRICS_ROW
#define RELAY_METRICS_ROW(e, name, type, help) SampleRow{Sample::e, name, Type::type, help},
inline constexpr std::array<SampleRow, kSamples> kSampleRows{RELAY_METRICS_SAMPLES(RELAY_METRICS_ROW)};
#undef RELAY_METRICS_ROW
#define RELAY_METRICS_ROW(e, name, type, lint, help) SeriesRow{Series::e, name, Type::type, Lint::lint, help},
inline constexpr std::array<SeriesRow, kSeries> kSeriesRows{RELAY_METRICS_SERIES(RELAY_METRICS_ROW)};
#undef RELAY_METRICS_ROW

// Gauges count whole numbers; those named …Micros are exported in seconds.
constexpr double exported_scale(Gauge gauge) {
  return gauge == Gauge::kEventLoopLagMicros ? 1e-6 : 1;
}

// A histogram under a second name and in another unit.
struct AliasRow {
  Histogram of;
  std::string_view name;
  double scale;
  Lint lint;
  std::string_view help;
};
inline constexpr std::array<AliasRow, 1> kAliasRows{
    {{Histogram::kStorageCommandDuration, "ws_redis_latency_ms", 1000, Lint::kLeftOut,
      "Time from sending a storage command to its answer, in milliseconds."}}};

}  // namespace relay::metrics
