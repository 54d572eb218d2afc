#include "load/outcome.hpp"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "load/curve.hpp"
#include "load/layout.hpp"

namespace relay::bench {
namespace {

constexpr double kSecond = 1e9;
constexpr double kMaxCpu = 0.9;  // of a core: above it the generator is what is measured
constexpr std::int64_t kLagNobodySees =
    1'000'000;  // a generator late by less than a timer tick is not called late

std::int64_t nanoseconds(milliseconds time) {
  return std::chrono::duration_cast<Nanoseconds>(time).count();
}

std::string size_text(std::uint32_t bytes) {
  if (bytes >= 1024 && bytes % 1024 == 0) return std::to_string(bytes / 1024) + " KiB";
  return std::to_string(bytes) + " B";
}

std::string transport_text(const TargetPlan& target) {
  const auto& all = target.transports;
  const bool mixed = std::any_of(all.begin(), all.end(), [&](Transport one) { return one != all.front(); });
  return mixed ? "mixed" : std::string(name_of(all.front()));
}

// How many subscribers hear a message, when all are there.
double listeners(const Shape& shape) {
  return static_cast<double>(shape.subscribers) * shape.channels_per_subscriber / shape.channels;
}

// What the schedule asks for on average between two times since the load began.
void set_targets(const Plan& plan, std::int64_t from_ns, std::int64_t to_ns, Figures& figures) {
  const double seconds = static_cast<double>(to_ns - from_ns) / kSecond;
  if (plan.shape.closed || plan.shape.publishers == 0 || seconds <= 0) return;
  const Curve rate = Curve::of_rate(plan, plan.shape.rate);
  const Curve clients = Curve::of_clients(plan, listeners(plan.shape));
  figures.target_publish_rate = rate.area(from_ns, to_ns) / seconds;
  const double heard = clients.area(from_ns, to_ns) / seconds;
  figures.target_delivery_rate = figures.target_publish_rate * heard;
}

void add_stages(const Plan& plan, const Gathered& gathered, RunResult& result) {
  const std::int64_t warmup = nanoseconds(plan.warmup);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    Stage stage;
    stage.name = plan.stages[i].name;
    stage.start_ns = at;
    stage.end_ns = std::min(at + nanoseconds(plan.stages[i].duration), gathered.measured_ns);
    at += nanoseconds(plan.stages[i].duration);
    if (stage.end_ns <= stage.start_ns) break;  // it was ended before
    stage.figures = gathered.tally.stages[i];
    stage.figures.duration_ns = stage.end_ns - stage.start_ns;
    set_targets(plan, warmup + stage.start_ns, warmup + stage.end_ns, stage.figures);
    merge_figures(result.total, stage.figures);
    result.stages.push_back(std::move(stage));
  }
  result.total.duration_ns = gathered.measured_ns;
  set_targets(plan, warmup, warmup + gathered.measured_ns, result.total);
  // Connecting is setup's: with the other latencies' rule it would be seen nowhere.
  result.total[Latency::kConnect].merge(gathered.tally.connect);
  result.total[Latency::kSilence].merge(gathered.tally.silence);
  result.total.connected = gathered.tally.connected;
  result.total.connect_errors = gathered.tally.connect_errors;
}

void add_series(const Plan& plan, const Gathered& gathered, RunResult& result) {
  const double seconds = static_cast<double>(nanoseconds(plan.interval)) / kSecond;
  for (const auto& [at, interval] : gathered.intervals) {
    if (at < 0 || at >= gathered.measured_ns) continue;
    const Histogram& shown = plan.shape.publishers > 0 ? interval.end_to_end : interval.connect;
    SeriesPoint point;
    point.at_ns = at;
    point.published_per_s = static_cast<double>(interval.published) / seconds;
    point.delivered_per_s = static_cast<double>(interval.delivered) / seconds;
    point.clients = interval.clients;
    point.p50_ns = shown.percentile(50);
    point.p99_ns = shown.percentile(99);
    point.lag_ns = interval.lag.percentile(99);
    result.series.push_back(point);
    result.intervals.push_back({at, nanoseconds(plan.interval), interval.end_to_end, interval.connect});
  }
}

std::string milliseconds_text(std::int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f ms", static_cast<double>(ns) / 1e6);
  return text;
}

// The validity rule: what the generator itself added must not be what is read off.
void judge_generator(const Plan& plan, const Gathered& gathered, RunResult& result) {
  Generator& generator = result.generator;
  generator.processes = static_cast<int>(plan.processes * std::max<std::size_t>(1, plan.workers.size()));
  generator.lag_p99_ns = gathered.tally.lag.percentile(99);
  generator.cpu = gathered.tally.cpu;
  generator.dropped_slots = gathered.tally.dropped_slots;
  const auto& reference = result.total[Latency::kEndToEnd].empty() ? result.total[Latency::kPublish]
                                                                   : result.total[Latency::kEndToEnd];
  const std::int64_t p50 = reference.percentile(50);
  if (!reference.empty() && generator.lag_p99_ns > std::max(p50 / 10, kLagNobodySees)) {
    generator.reasons.push_back("its own lag p99 of " + milliseconds_text(generator.lag_p99_ns) +
                                " is above 10 % of the measured p50 of " + milliseconds_text(p50));
  }
  if (generator.cpu > kMaxCpu) {
    generator.reasons.push_back("a generator process used " +
                                std::to_string(std::lround(generator.cpu * 100)) +
                                " % of a core; take more --processes");
  }
  if (generator.dropped_slots > 0) {
    generator.reasons.push_back(std::to_string(generator.dropped_slots) +
                                " messages fell due over 1 s before they "
                                "could be sent");
  }
  generator.valid = generator.reasons.empty();
}

void add_server(const Gathered& gathered, RunResult& result) {
  Server& server = result.server;
  server.source = gathered.server_source;
  server.rss_bytes = gathered.at_end.rss_bytes;
  const auto gained = [&](auto field) -> std::optional<std::int64_t> {
    const auto before = gathered.before_clients.*field;
    const auto after = gathered.with_clients.*field;
    if (!before || !after || gathered.clients == 0) return {};
    return (*after - *before) / static_cast<std::int64_t>(gathered.clients);
  };
  server.bytes_per_client = gained(&ServerCost::Snapshot::anonymous_bytes);
  for (const auto& [name, value] : gathered.at_end.scrape) {
    const auto before = gathered.at_begin.scrape.find(name);
    const double change = value - (before == gathered.at_begin.scrape.end() ? 0 : before->second);
    if (change != 0) server.scrape.emplace_back(name, change);
  }
  if (!gathered.at_begin.cpu_ns || !gathered.at_end.cpu_ns) return;
  const std::int64_t cpu = *gathered.at_end.cpu_ns - *gathered.at_begin.cpu_ns;
  if (gathered.drained_ns > 0)
    server.cpu = static_cast<double>(cpu) / static_cast<double>(gathered.drained_ns);
  const auto each = [cpu](std::uint64_t count) -> std::optional<std::int64_t> {
    if (count == 0) return {};
    return cpu / static_cast<std::int64_t>(count);
  };
  server.cpu_per_delivery_ns = each(result.total.delivered);
  server.cpu_per_publish_ns = each(result.total.published);
}

// One that failed is an error of the run as well.
void add_actions(const Gathered& gathered, RunResult& result) {
  if (gathered.actions.empty()) return;
  result.actions = gathered.actions;
  ErrorCount failed{"action_failed", 0, {}};
  for (const ActionOutcome& action : gathered.actions) {
    if (action.exit == 0) continue;
    if (++failed.count > 1) continue;
    failed.first =
        action.command + (action.exit ? ": exit " + std::to_string(*action.exit) : ": did not end");
  }
  if (failed.count > 0) result.errors.push_back(failed);
}

Load load_of(const Plan& plan) {
  const Shape& shape = plan.shape;
  Load load;
  load.subscribers = shape.subscribers;
  load.channels = shape.channels;
  load.publishers = shape.publishers;
  load.rate_per_s = shape.closed || shape.publishers == 0 ? 0 : shape.rate;
  load.open = !shape.closed;
  load.payload = size_text(shape.size_min);
  if (shape.size_max != shape.size_min) load.payload += " to " + size_text(shape.size_max);
  load.delivery = name_of(plan.delivery);
  const auto more = [&](const char* key, auto value, bool wanted) {
    if (wanted) load.more.push_back({key, value});
  };
  more("channels_per_subscriber", std::int64_t{shape.channels_per_subscriber},
       shape.channels_per_subscriber != 1);
  more("hex_channels", true, shape.hex_channels);
  more("window", std::int64_t{shape.window}, shape.window != 0);
  more("ephemeral", true, shape.ephemeral);
  more("publish_transport", std::string(name_of(plan.target.publish_transport)),
       plan.target.publish_transport != Transport::kSse);
  more("connect_rate", plan.connect_rate, plan.connect_rate > 0);
  more("workers", static_cast<std::int64_t>(plan.workers.size()), !plan.workers.empty());
  more("churn", shape.churn, shape.churn > 0);
  more("kill_share", shape.kill_share, shape.kill_share > 0);
  more("kill_every_ms", std::int64_t{shape.kill_every.count()}, shape.kill_share > 0);
  more("reconnect_after_ms", std::int64_t{shape.reconnect_after.count()}, shape.kill_share > 0);
  more("slow_share", shape.slow_share, shape.slow_share > 0);
  more("slow_rate", shape.slow_rate, shape.slow_share > 0);
  more("grace_ms", std::int64_t{plan.grace.count()}, true);
  return load;
}

std::string first_line(const char* path, std::string_view key) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with(key) && colon != line.npos) return line.substr(colon + 2);
  }
  return {};
}

}  // namespace

Figures figures_of(const Plan& plan, const IntervalTally& interval, std::int64_t at_ns) {
  const std::int64_t begin = nanoseconds(plan.warmup) + at_ns;
  Figures figures;
  figures.duration_ns = nanoseconds(plan.interval);
  figures[Latency::kEndToEnd] = interval.end_to_end;
  figures[Latency::kConnect] = interval.connect;
  figures.published = interval.published;
  figures.delivered = interval.delivered;
  figures.publish_errors = interval.publish_errors;
  figures.connect_errors = interval.connect_errors;
  set_targets(plan, begin, begin + figures.duration_ns, figures);
  return figures;
}

Host describe_host() {
  Host host;
  utsname name{};
  if (uname(&name) == 0) host.kernel = std::string(name.sysname) + " " + name.release;
  host.cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  host.cpu_model = first_line("/proc/cpuinfo", "model name");
  host.memory_bytes = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) host.nofile = static_cast<std::int64_t>(files.rlim_cur);
  return host;
}

// FNV-1a over everything that makes the load; the target, the machine and the tags do not.
std::string scenario_hash(const Plan& plan) {
  const Shape& shape = plan.shape;
  Packer all;
  all.put(shape.subscribers).put(shape.channels).put(shape.channels_per_subscriber).put(shape.hex_channels);
  all.put(shape.publishers)
      .put(shape.rate)
      .put(shape.closed)
      .put(shape.window)
      .put(shape.size_min)
      .put(shape.size_max);
  all.put(shape.ephemeral).put(shape.churn).put(shape.kill_share).put(std::int64_t{shape.kill_every.count()});
  all.put(std::int64_t{shape.reconnect_after.count()}).put(shape.slow_share).put(shape.slow_rate);
  for (const StagePlan& stage : plan.stages) {
    all.put(std::string_view(stage.name))
        .put(std::int64_t{stage.duration.count()})
        .put(stage.clients)
        .put(stage.rate);
    all.put(name_of(stage.ramp));
    if (stage.churn) all.put(*stage.churn);
    if (!stage.action.empty()) all.put(std::string_view(stage.action));
  }
  all.put(plan.connect_rate).put(std::int64_t{plan.warmup.count()}).put(std::int64_t{plan.grace.count()});
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char byte : all.bytes()) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

RunResult report_of(const Plan& plan, const Gathered& gathered) {
  RunResult result;
  result.tool_version = RELAY_VERSION;
  char id[9];
  std::snprintf(id, sizeof id, "%08x", gathered.run);
  result.run = {id,
                plan.name,
                gathered.start_wall_ms,
                gathered.measured_ns,
                nanoseconds(plan.warmup),
                plan.seed,
                scenario_hash(plan),
                {plan.tags.begin(), plan.tags.end()},
                gathered.aborted};
  result.host = describe_host();
  result.target = {plan.target.url, plan.target.driver, transport_text(plan.target), gathered.server_version};
  result.load = load_of(plan);
  add_stages(plan, gathered, result);
  add_series(plan, gathered, result);
  result.delivery = gathered.tally.delivery;
  for (const auto& [kind, error] : gathered.tally.errors)
    result.errors.push_back({kind, error.count, error.first});
  add_actions(gathered, result);
  if (!gathered.workers.empty()) result.workers = gathered.workers;
  if (!gathered.redis_at_end.empty())
    result.redis = redis_change(gathered.redis_at_begin, gathered.redis_at_end, gathered.drained_ns);
  judge_generator(plan, gathered, result);
  add_server(gathered, result);
  return result;
}

}  // namespace relay::bench
