// What a run found out: the value between the engine, the verdict and the reports.
//
// It is the document "relaybench/1" (report/relaybench-1.schema.json) as plain structs; report/json.hpp
// writes and reads it. Times and durations are int64 nanoseconds, rates are per second, shares are 0 … 1. The
// engine fills everything but `delivery.broken`, `thresholds` and `exit_code`, which are
// report/verdict.hpp's. Values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "histogram.hpp"

namespace relay::bench {

// The latencies, each with a row in report/latency.hpp (key in JSON and thresholds, label in the table).
enum class Latency {
  kConnect,   // dial to the stream's first byte
  kPublish,   // publish sent to its answer
  kEndToEnd,  // a publish's intended time to its delivery, per delivery
  kService,   // the same from the actual send
  kReplay,    // reconnect to caught up
  kSilence,   // the longest time without a delivery, per subscriber; known for the whole run alone
};
inline constexpr std::size_t kLatencies = 6;

// What subscribers checked. Loss is judged after the grace against what was acknowledged; a message that was
// never acknowledged and never came is `unacknowledged`, not lost.
struct Delivery {
  std::uint64_t expected = 0;
  std::uint64_t received = 0;  // without repetitions
  std::uint64_t lost = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t reordered = 0;
  std::uint64_t corrupt = 0;
  std::uint64_t foreign = 0;  // of another run or another channel
  std::uint64_t late = 0;     // after the grace
  std::uint64_t unacknowledged = 0;

  // The first offenders, at most kMaxSamples.
  struct Sample {
    std::string kind;  // "lost", "duplicate", "reordered", "corrupt", "foreign", "late"
    std::string channel;
    std::string id;  // as the server gave it; empty: unknown
    std::uint64_t subscriber = 0;
    std::uint64_t publisher = 0;
    std::uint64_t sequence = 0;
  };
  static constexpr std::size_t kMaxSamples = 20;
  std::vector<Sample> samples;
  std::string broken;  // of the promise, in words: "lost 3"; empty: nothing. By report/verdict.hpp.
};

// What was measured in some span: the whole run without its warm-up, or one stage.
struct Figures {
  std::int64_t duration_ns = 0;
  std::array<Histogram, kLatencies> latency;
  Histogram& operator[](Latency which) { return latency[static_cast<std::size_t>(which)]; }
  const Histogram& operator[](Latency which) const { return latency[static_cast<std::size_t>(which)]; }

  std::uint64_t published = 0;       // acknowledged
  std::uint64_t publish_errors = 0;  // refused, timed out, cut
  std::uint64_t connected = 0;
  std::uint64_t connect_errors = 0;
  std::uint64_t delivered = 0;  // all that arrived, repetitions too
  std::uint64_t bytes_in = 0;   // read from sockets
  std::uint64_t bytes_out = 0;
  // What the schedule asks for, for `delivered.rate>=0.99*target`; 0 in a closed loop.
  double target_publish_rate = 0;
  double target_delivery_rate = 0;
};

struct Stage {
  std::string name;
  std::int64_t start_ns = 0;  // since the end of the warm-up
  std::int64_t end_ns = 0;
  Figures figures;
};

// One interval (a second, unless asked otherwise), from `at_ns` since the end of the warm-up.
struct SeriesPoint {
  std::int64_t at_ns = 0;
  double published_per_s = 0;
  double delivered_per_s = 0;
  std::uint64_t clients = 0;
  std::int64_t p50_ns = 0;  // end to end; where nothing is published: connect
  std::int64_t p99_ns = 0;
  std::int64_t lag_ns = 0;  // the generator's own, p99
};

struct ErrorCount {
  std::string kind;  // "connect_refused", "publish_503", "stream_cut"
  std::uint64_t count = 0;
  std::string first;  // the first of them in words
};

struct Generator {
  int processes = 1;
  std::int64_t lag_p99_ns = 0;
  double cpu = 0;  // of one core, the busiest process: 0.41
  std::uint64_t dropped_slots = 0;
  bool valid = true;
  std::vector<std::string> reasons;  // why not, in words
};

// The server's own cost. Nothing where it could not be seen.
struct Server {
  std::string source;         // "pid 1234", "unit relayd.service", "http://127.0.0.1:9091/metrics"
  std::optional<double> cpu;  // cores
  std::optional<std::int64_t> cpu_per_delivery_ns;
  std::optional<std::int64_t> cpu_per_publish_ns;
  std::optional<std::int64_t> rss_bytes;
  std::optional<std::int64_t> bytes_per_client;        // user memory (RssAnon) gained while the clients came
  std::vector<std::pair<std::string, double>> scrape;  // of /metrics: the change over the run
};

// A Redis (or Valkey) node that the server stores in, by its own INFO: what changed over the measured part.
struct RedisNode {
  std::string address;  // without a password
  std::string version;  // "redis 7.0.15"
  std::string role;     // "master", "slave"
  double cpu = 0;       // cores
  double commands_per_s = 0;
  double bytes_in_per_s = 0;
  double bytes_out_per_s = 0;
  std::int64_t memory_bytes = 0;  // at the end
  std::int64_t memory_gained = 0;
  std::int64_t evicted_keys = 0;
  std::int64_t expired_keys = 0;
};

// What the command of a stage came to.
struct ActionOutcome {
  std::string stage;
  std::string command;
  std::int64_t at_ns = 0;            // its start, since the end of the warm-up
  std::int64_t duration_ns = 0;      // until it ended, or was ended with the run
  std::optional<std::int64_t> exit;  // nothing: it still ran at the end
};

// Another machine that generated, and how far its clock is from this one's. No latency depends on it: a
// message and its deliveries are timed on one machine.
struct WorkerNote {
  std::string address;
  std::int64_t clock_before_ns = 0;  // its wall clock less ours
  std::int64_t clock_after_ns = 0;
  std::int64_t clock_error_ns = 0;  // half the round trip: so far both may be wrong
};

// The latencies of one interval, for --hlog alone; not in the document.
struct IntervalLatencies {
  std::int64_t at_ns = 0;
  std::int64_t length_ns = 0;
  Histogram end_to_end;
  Histogram connect;
};

// The bare send loop under the same scenario (`relaybench floor`).
struct Floor {
  std::int64_t cpu_per_delivery_ns = 0;
  std::int64_t e2e_p50_ns = 0;
  std::int64_t e2e_p99_ns = 0;
};

struct Setting {
  std::string key;
  std::variant<bool, std::int64_t, double, std::string> value;
  bool operator==(const Setting&) const = default;
};

struct ThresholdOutcome {
  std::string expression;  // as it was written
  std::string stage;       // empty: the whole run
  std::string value;       // what was found, as people read it: "1.93 ms"
  bool ok = false;
};

struct Host {
  std::string kernel;
  std::string cpu_model;
  int cpus = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t nofile = 0;
  bool operator==(const Host&) const = default;
};

struct RunInfo {
  std::string id;             // hex; in every payload
  std::string name;           // "fanout", or the scenario's
  std::int64_t start_ms = 0;  // since 1970
  std::int64_t duration_ns = 0;
  std::int64_t warmup_ns = 0;
  std::uint64_t seed = 0;
  std::string scenario_hash;  // equal: the same load was asked for
  std::vector<std::pair<std::string, std::string>> tags;
  bool aborted = false;  // by a signal or an abort threshold: what there is, is of the part that ran
};

struct Target {
  std::string url;
  std::string driver;     // "relay"
  std::string transport;  // "sse", "ws", "mixed"
  std::string server_version;
};

// What was asked for, as far as a reader of the report needs it; the rest in `more`.
struct Load {
  std::uint64_t subscribers = 0;
  std::uint64_t channels = 0;
  std::uint64_t publishers = 0;
  double rate_per_s = 0;  // all publishers together; 0: no publishing, or a closed loop
  bool open = true;
  std::string payload;   // "128 B", "50 B to 4 KiB"
  std::string delivery;  // "exactly-once"
  std::vector<Setting> more;
};

// Named so because relay::Result is either-a-value-or-an-error.
struct RunResult {
  std::string tool_version;
  std::string tool_commit;
  RunInfo run;
  Host host;
  Target target;
  Load load;
  Figures total;  // without the warm-up
  std::vector<Stage> stages;
  std::vector<SeriesPoint> series;
  Delivery delivery;
  std::vector<ErrorCount> errors;
  Generator generator;
  Server server;
  std::optional<std::vector<RedisNode>> redis;
  std::optional<std::vector<ActionOutcome>> actions;
  std::optional<std::vector<WorkerNote>> workers;
  std::optional<Floor> floor;
  std::vector<ThresholdOutcome> thresholds;
  int exit_code = 0;
  std::vector<IntervalLatencies> intervals;
};

}  // namespace relay::bench
