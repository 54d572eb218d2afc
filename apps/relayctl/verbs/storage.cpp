#include "verbs/storage.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "redis_info.hpp"
#include "stored_log.hpp"

namespace relay::ctl {
namespace {

constexpr Milliseconds kPingPause{100};
constexpr Milliseconds kSamplePause{10};

double rounded(double ms) {
  return std::round(ms * 1000) / 1000;
}

Json row_of(const NodeInfo& info) {
  return {{"node", info.node},
          {"version", info.version()},
          {"role", info.text("role")},
          {"uptime_ms", info.number("uptime_in_seconds") * 1000},
          {"memory", info.number("used_memory")},
          {"max_memory", info.number("maxmemory")},
          {"keys", info.keys ? Json(*info.keys) : Json()},
          {"clients", info.number("connected_clients")},
          {"commands_per_second", info.number("instantaneous_ops_per_sec")},
          {"replicas", info.number("connected_slaves")},
          {"round_trip_ms", rounded(info.round_trip_ms)},
          {"clock_offset_ms", rounded(info.clock_offset_ms)},
          {"policy", info.text("maxmemory_policy")},
          {"append_only", info.text("aof_enabled") == "1"},
          {"append_fsync", info.setting("appendfsync")},
          {"evicted_keys", info.number("evicted_keys")},
          {"pubsub_channels", info.number("pubsub_channels") + info.number("pubsubshard_channels")}};
}

Json document_of(const Stored& stored, const std::vector<Bounds>& bounds, std::vector<Json> nodes) {
  MessageId last = 0, epoch = 0;
  for (const Bounds& one : bounds) {
    last = std::max(last, one.last);
    epoch = std::max(epoch, one.epoch);
  }
  const auto time = [](MessageId id) { return id == 0 ? Json() : Json(rfc3339(id_time_ms(id))); };
  return {{"mode", stored.options().redis.mode},
          {"prefix", stored.settings().prefix},
          {"partitions", stored.partitions()},
          {"last_id", last == 0 ? Json() : Json(last)},
          {"last_time", time(last)},
          {"data_since", time(epoch)},
          {"nodes", std::move(nodes)}};
}

Outcome<void> info(Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto infos = read_info(**stored);
  if (!infos) return infos.error();
  const auto bounds = read_bounds(**stored);
  if (!bounds) return bounds.error();
  std::vector<Json> rows;
  for (const NodeInfo& node : *infos) rows.push_back(row_of(node));
  if (context.output.format() == Format::kJson || context.output.format() == Format::kYaml) {
    const Json document = document_of(**stored, *bounds, std::move(rows));
    static const std::vector<Column> kAll{{"mode", "MODE"}};
    return context.output.record(kAll, document);
  }
  const Json document = document_of(**stored, *bounds, {});
  context.console.say(
      "prefix " + (*stored)->settings().prefix + ", " + std::to_string((*stored)->partitions()) +
      ((*stored)->partitions() == 1 ? " partition" : " partitions") +
      (document["data_since"].is_null() ? ", empty"
                                        : ", data since " + document["data_since"].get<std::string>()));
  return context.output.rows(context.columns(), std::move(rows));
}

Outcome<void> measure(Context& context, std::string_view flag, std::int64_t otherwise, Milliseconds pause) {
  const auto count = context.arguments.count(flag, otherwise, 1, 1'000'000);
  if (!count) return count.error();
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  std::vector<Json> rows;
  for (const std::string& node : (*stored)->nodes()) {
    auto times = ping_node(**stored, node, *count, pause);
    if (!times) return times.error();
    if (times->empty()) break;  // interrupted before the first
    std::sort(times->begin(), times->end());
    const double sum = std::accumulate(times->begin(), times->end(), 0.0);
    rows.push_back({{"node", node},
                    {"count", times->size()},
                    {"min_ms", rounded(times->front())},
                    {"avg_ms", rounded(sum / static_cast<double>(times->size()))},
                    {"p50_ms", rounded(percentile(*times, 50))},
                    {"p99_ms", rounded(percentile(*times, 99))},
                    {"max_ms", rounded(times->back())}});
  }
  return context.output.rows(context.columns(), std::move(rows));
}

std::vector<Column> times_columns(Show percentiles) {
  return {{"node", "NODE", Kind::kText, Show::kAlways, "the server"},
          {"count", "COUNT", Kind::kNumber, Show::kAlways, "round trips"},
          {"min_ms", "MIN MS", Kind::kText, Show::kAlways, "the shortest"},
          {"avg_ms", "AVG MS", Kind::kText, Show::kAlways, "on average"},
          {"p50_ms", "P50 MS", Kind::kText, percentiles, "half of them took no longer"},
          {"p99_ms", "P99 MS", Kind::kText, Show::kAlways, "99 of 100 took no longer"},
          {"max_ms", "MAX MS", Kind::kText, Show::kAlways, "the longest"}};
}

}  // namespace

Form storage_info_form() {
  return {.text =
              "With -o json the store itself stands above its nodes: mode, prefix, partitions, last_id and "
              "last_time (the\n"
              "newest message), data_since (the epoch: when the life of the data began), nodes.\n",
          .columns = {
              {"node", "NODE", Kind::kText, Show::kAlways, "the server"},
              {"version", "VERSION", Kind::kText, Show::kAlways, "of Redis or Valkey"},
              {"role", "ROLE", Kind::kText, Show::kWide, "master"},
              {"uptime_ms", "UP", Kind::kDuration, Show::kAlways, "since it was started"},
              {"memory", "MEMORY", Kind::kBytes, Show::kAlways, "in use"},
              {"max_memory", "MAX", Kind::kBytes, Show::kWide, "that it may use; 0: any"},
              {"keys", "KEYS", Kind::kNumber, Show::kAlways, "of everybody"},
              {"clients", "CLIENTS", Kind::kNumber, Show::kAlways, "connections to it"},
              {"commands_per_second", "COMMANDS", Kind::kRate, Show::kAlways, "just now"},
              {"replicas", "REPLICAS", Kind::kNumber, Show::kAlways, "connected to it"},
              {"round_trip_ms", "RTT MS", Kind::kText, Show::kAlways, "of one command"},
              {"clock_offset_ms", "CLOCK MS", Kind::kText, Show::kWide, "its clock before ours"},
              {"policy", "POLICY", Kind::kText, Show::kWide, "what it does when memory is full"},
              {"append_only", "AOF", Kind::kBool, Show::kWide, "whether it keeps an append-only file"},
              {"append_fsync", "FSYNC", Kind::kText, Show::kWide, "when that is synced; empty: not told"},
              {"evicted_keys", "EVICTED", Kind::kNumber, Show::kWide, "keys it dropped for want of memory"},
              {"pubsub_channels", "TOPICS", Kind::kNumber, Show::kWide, "that somebody listens to"}}};
}
int storage_info(Context& context) {
  return context.finish(info(context));
}

Form storage_ping_form() {
  return {.flags = {{"--count", "N", "round trips to each node (4)"}},
          .columns = times_columns(Show::kNever)};
}
int storage_ping(Context& context) {
  return context.finish(measure(context, "--count", 4, kPingPause));
}

Form storage_latency_form() {
  return {.flags = {{"--samples", "N", "round trips to each node (100)"}},
          .columns = times_columns(Show::kAlways)};
}
int storage_latency(Context& context) {
  return context.finish(measure(context, "--samples", 100, kSamplePause));
}

}  // namespace relay::ctl
