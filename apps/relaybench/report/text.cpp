#include "report/text.hpp"

#include <algorithm>
#include <vector>

#include "cli/human.hpp"
#include "cli/terminal.hpp"
#include "report/facts.hpp"

namespace relay::bench {
namespace {

constexpr std::size_t kLabelWidth = 11;

std::string right(std::string_view text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + std::string(text);
}
std::string left(std::string_view text, std::size_t width) {
  return std::string(text) + std::string(width - std::min(width, text.size()), ' ');
}

void line(std::string& out, std::string_view label, const std::string& words) {
  if (!words.empty()) out += left(label, kLabelWidth) + cli::printable(words) + "\n";
}

std::string painted(const std::string& text, bool good, bool color) {
  return color ? (good ? "\x1b[32m" : "\x1b[31m") + text + "\x1b[0m" : text;
}

std::string latency_table(const Figures& figures) {
  const auto lines = latency_lines(figures);
  if (lines.empty()) return {};
  constexpr std::size_t kWidth = 9;
  std::string out(kLabelWidth, ' ');
  for (const std::string_view heading : kLatencyHeadings) out += right(heading, kWidth);
  out += "\n";
  for (const LatencyLine& one : lines) {
    out += left(one.row->label, kLabelWidth);
    for (const std::string& cell : one.cells) out += right(cell, kWidth);
    if (!one.row->note.empty()) out += "   " + std::string(one.row->note);
    out += "\n";
  }
  return out;
}

std::string stage_table(const RunResult& result) {
  const auto lines = stage_lines(result);
  std::size_t name = kLabelWidth;
  for (const StageLine& one : lines) name = std::max(name, one.name.size() + 2);
  std::string out;
  const auto row = [&](std::string_view a, std::string_view b, std::string_view c, std::string_view d,
                       std::string_view e, std::string_view f) {
    out += left(a, name) + left(b, 18) + right(c, 10) + right(d, 10) + right(e, 10) + right(f, 10) + "\n";
  };
  const auto& h = kStageHeadings;
  if (!lines.empty()) row(h[0], h[1], h[2], h[3], h[4], h[5]);
  for (const StageLine& one : lines)
    row(cli::printable(one.name), one.span, one.published, one.delivered, one.p50, one.p99);
  return out;
}

std::string problems(const RunResult& result) {
  std::string out;
  for (const ErrorCount& error : result.errors)
    line(out, "error",
         error.kind + "   " + cli::grouped(static_cast<std::int64_t>(error.count)) + " times" +
             (error.first.empty() ? "" : "   first: " + error.first));
  for (const Delivery::Sample& sample : result.delivery.samples) line(out, "offender", sample_words(sample));
  return out;
}

std::string threshold_lines(const RunResult& result, bool color) {
  std::string out;
  for (const ThresholdOutcome& one : result.thresholds) {
    out += left("threshold", kLabelWidth) + painted(one.ok ? "pass" : "MISS", one.ok, color) + "  ";
    out += cli::printable(one.expression) + " (" + one.value + ")";
    if (!one.stage.empty()) out += " in " + cli::printable(one.stage);
    out += "\n";
  }
  return out;
}

}  // namespace

std::string to_text(const RunResult& result, bool color) {
  std::string out = cli::printable(result.run.name) + "  " + cli::printable(result.target.driver) + " " +
                    cli::printable(result.target.transport) + "  " + cli::printable(result.target.url);
  if (!result.target.server_version.empty()) out += "  " + cli::printable(result.target.server_version);
  out += "   seed " + std::to_string(result.run.seed) + "\n" + load_words(result) + "\n";
  out += latency_table(result.total);
  out += stage_table(result);
  line(out, "rates", rates_words(result.total));
  line(out, "delivery", delivery_words(result.delivery));
  line(out, "generator", generator_words(result.generator));
  line(out, "server", server_words(result.server));
  for (const RedisNode& node : result.redis.value_or(std::vector<RedisNode>{}))
    line(out, "redis", redis_words(node));
  for (const ActionOutcome& one : result.actions.value_or(std::vector<ActionOutcome>{}))
    line(out, "action", action_words(one));
  for (const WorkerNote& one : result.workers.value_or(std::vector<WorkerNote>{}))
    line(out, "worker", worker_words(one));
  line(out, "floor", floor_words(result));
  out += problems(result);
  out += threshold_lines(result, color);
  return out + left("verdict", kLabelWidth) + painted(verdict_words(result), result.exit_code == 0, color) +
         "\n";
}

}  // namespace relay::bench
