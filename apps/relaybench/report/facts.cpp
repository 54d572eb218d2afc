#include "report/facts.hpp"

#include <algorithm>
#include <cstdio>

#include "cli/human.hpp"
#include "report/units.hpp"
#include "report/verdict.hpp"

namespace relay::bench {
namespace {

std::string grouped(std::uint64_t number) {
  return cli::grouped(static_cast<std::int64_t>(number));
}
std::string ns(std::int64_t value) {
  return human_ns(static_cast<double>(value));
}

// "name value" three blanks after the one before.
void add(std::string& out, std::string_view name, const std::string& value) {
  if (!out.empty()) out += "   ";
  out += std::string(name) + " " + value;
}

double rate(std::uint64_t count, const Figures& figures) {
  if (figures.duration_ns <= 0) return 0;
  return static_cast<double>(count) * 1e9 / static_cast<double>(figures.duration_ns);
}

std::string seconds(std::int64_t value) {
  return cli::human_duration(value / 1'000'000);
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return cli::counted(static_cast<std::int64_t>(count), noun);
}

}  // namespace

std::vector<LatencyLine> latency_lines(const Figures& figures) {
  std::vector<LatencyLine> out;
  for (const LatencyRow& row : kLatencyRows) {
    const Histogram& h = figures[row.which];
    if (h.empty()) continue;
    out.push_back({&row,
                   {human_count(h.count()), ns(h.min()), ns(h.percentile(50)), ns(h.percentile(90)),
                    ns(h.percentile(99)), ns(h.percentile(99.9)), ns(h.max())}});
  }
  return out;
}

std::vector<StageLine> stage_lines(const RunResult& result) {
  std::vector<StageLine> out;
  if (result.stages.size() < 2) return out;
  for (const Stage& stage : result.stages) {
    const Figures& f = stage.figures;
    const Histogram& e2e = f[Latency::kEndToEnd];
    out.push_back({stage.name, seconds(stage.start_ns) + " to " + seconds(stage.end_ns),
                   human_per_second(rate(f.published, f)), human_per_second(rate(f.delivered, f)),
                   e2e.empty() ? "-" : ns(e2e.percentile(50)), e2e.empty() ? "-" : ns(e2e.percentile(99))});
  }
  return out;
}

std::string load_words(const RunResult& result) {
  const Load& load = result.load;
  std::string out = counted(load.subscribers, "subscriber") + " x " + counted(load.channels, "channel");
  if (load.publishers > 0) {
    out += ", " + counted(load.publishers, "publisher");
    out += load.open ? ", open " + human_per_second(load.rate_per_s) : ", closed loop";
    if (!load.payload.empty()) out += ", " + load.payload;
  }
  out += ", " + seconds(result.run.duration_ns);
  if (result.run.warmup_ns > 0) out += " after " + seconds(result.run.warmup_ns) + " warm-up";
  return out;
}

std::string rates_words(const Figures& figures) {
  std::string out;
  add(out, "in", human_per_second(rate(figures.published, figures)));
  add(out, "out", human_per_second(rate(figures.delivered, figures)));
  add(out, "read", cli::human_bytes(static_cast<std::int64_t>(rate(figures.bytes_in, figures))) + "/s");
  if (figures.publish_errors > 0) add(out, "publish errors", grouped(figures.publish_errors));
  if (figures.connect_errors > 0) add(out, "connect errors", grouped(figures.connect_errors));
  return out;
}

std::string delivery_words(const Delivery& delivery) {
  std::string out;
  add(out, "expected", grouped(delivery.expected));
  add(out, "received", grouped(delivery.received));
  add(out, "lost", grouped(delivery.lost));
  add(out, "duplicate", grouped(delivery.duplicate));
  add(out, "out of order", grouped(delivery.reordered));
  add(out, "corrupt", grouped(delivery.corrupt));
  if (delivery.foreign > 0) add(out, "foreign", grouped(delivery.foreign));
  if (delivery.late > 0) add(out, "late", grouped(delivery.late));
  if (delivery.unacknowledged > 0) add(out, "unacknowledged", grouped(delivery.unacknowledged));
  return out;
}

std::string generator_words(const Generator& generator) {
  std::string out;
  add(out, "lag p99", ns(generator.lag_p99_ns));
  add(out, "cpu", human_share(generator.cpu));
  add(out, "dropped slots", grouped(generator.dropped_slots));
  if (generator.processes > 1)
    add(out, "processes", grouped(static_cast<std::uint64_t>(generator.processes)));
  out += generator.valid ? "   -> valid" : "   -> INVALID";
  for (const std::string& reason : generator.reasons)
    out += (&reason == generator.reasons.data() ? ": " : "; ") + reason;
  return out;
}

std::string server_words(const Server& server) {
  std::string out;
  if (server.cpu) add(out, "cpu", human_share(*server.cpu));
  if (server.cpu_per_delivery_ns) add(out, "cpu per delivery", ns(*server.cpu_per_delivery_ns));
  if (server.cpu_per_publish_ns) add(out, "cpu per publish", ns(*server.cpu_per_publish_ns));
  if (server.rss_bytes) add(out, "rss", cli::human_bytes(*server.rss_bytes));
  if (server.bytes_per_client) add(out, "memory per client", cli::human_bytes(*server.bytes_per_client));
  if (!out.empty() && !server.source.empty()) out += "   (" + server.source + ")";
  return out;
}

std::string redis_words(const RedisNode& node) {
  std::string out;
  add(out, "cpu", human_share(node.cpu));
  add(out, "commands", human_per_second(node.commands_per_s));
  add(out, "in", cli::human_bytes(static_cast<std::int64_t>(node.bytes_in_per_s)) + "/s");
  add(out, "out", cli::human_bytes(static_cast<std::int64_t>(node.bytes_out_per_s)) + "/s");
  add(out, "memory", cli::human_bytes(node.memory_bytes));
  if (node.evicted_keys > 0) add(out, "evicted", cli::grouped(node.evicted_keys));
  return out + "   (" + node.version + ", " + node.role + ", " + node.address + ")";
}

std::string action_words(const ActionOutcome& action) {
  std::string out = action.stage + ": " + action.command + "   at " + seconds(action.at_ns);
  if (!action.exit) return out + ", still running at the end";
  return out + ", exit " + std::to_string(*action.exit) + " after " + ns(action.duration_ns);
}

std::string worker_words(const WorkerNote& worker) {
  const auto signed_ns = [](std::int64_t value) {
    return (value < 0 ? "-" : "+") + ns(value < 0 ? -value : value);
  };
  return worker.address + "   clock " + signed_ns(worker.clock_before_ns) + " before, " +
         signed_ns(worker.clock_after_ns) + " after (to " + ns(worker.clock_error_ns) + ")";
}

std::string floor_words(const RunResult& result) {
  if (!result.floor) return {};
  const Floor& floor = *result.floor;
  std::string out;
  add(out, "cpu per delivery", ns(floor.cpu_per_delivery_ns));
  add(out, "p50", ns(floor.e2e_p50_ns));
  add(out, "p99", ns(floor.e2e_p99_ns));
  if (result.server.cpu_per_delivery_ns && floor.cpu_per_delivery_ns > 0) {
    char ratio[32];
    std::snprintf(ratio, sizeof ratio, "%.2f x floor",
                  static_cast<double>(*result.server.cpu_per_delivery_ns) /
                      static_cast<double>(floor.cpu_per_delivery_ns));
    add(out, "-> server", ratio);
  }
  return out;
}

std::string sample_words(const Delivery::Sample& sample) {
  std::string out = sample.kind;
  add(out, "channel", sample.channel);
  add(out, "subscriber", std::to_string(sample.subscriber));
  add(out, "publisher", std::to_string(sample.publisher));
  add(out, "sequence", std::to_string(sample.sequence));
  if (!sample.id.empty()) add(out, "id", sample.id);
  return out;
}

std::string verdict_words(const RunResult& result) {
  std::string out(verdict_word(result.exit_code));
  if (result.exit_code == kExitBroken) out += ": " + result.delivery.broken;
  if (result.run.aborted) out += ", ended early";
  return out + " (exit " + std::to_string(result.exit_code) + ")";
}

}  // namespace relay::bench
