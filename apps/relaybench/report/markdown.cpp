#include "report/markdown.hpp"

#include <span>

#include "report/facts.hpp"

namespace relay::bench {
namespace {

std::string row(std::span<const std::string> cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += " " + markdown_cell(cell) + " |";
  return out + "\n";
}

// The first column to the left, the others to the right.
std::string head(std::string_view first, std::span<const std::string_view> others) {
  std::string names = "| " + std::string(first) + " |";
  std::string rule = "|---|";
  for (const std::string_view name : others) {
    names += " " + std::string(name) + " |";
    rule += "---:|";
  }
  return names + "\n" + rule + "\n";
}

std::string latencies(const RunResult& result) {
  const auto lines = latency_lines(result.total);
  if (lines.empty()) return {};
  std::string out = head("latency", kLatencyHeadings);
  for (const LatencyLine& one : lines) {
    std::vector<std::string> cells{std::string(one.row->label)};
    cells.insert(cells.end(), one.cells.begin(), one.cells.end());
    out += row(cells);
  }
  return out + "\n";
}

std::string stages(const RunResult& result) {
  const auto lines = stage_lines(result);
  if (lines.empty()) return {};
  std::string out = head(kStageHeadings[0], std::span(kStageHeadings).subspan(1));
  for (const StageLine& s : lines)
    out += row(std::vector{s.name, s.span, s.published, s.delivered, s.p50, s.p99});
  return out + "\n";
}

std::string item(std::string_view name, const std::string& words) {
  return words.empty() ? std::string() : "- " + std::string(name) + ": " + markdown_cell(words) + "\n";
}

}  // namespace

std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\|`*_<>[]&#~").find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string to_markdown(const RunResult& result) {
  std::string out = "## relaybench " + markdown_cell(result.run.name) + ": " +
                    markdown_cell(verdict_words(result)) + "\n\n";
  out += markdown_cell(result.target.driver + " " + result.target.transport + " " + result.target.url) +
         "; " + markdown_cell(load_words(result)) + "; seed " + std::to_string(result.run.seed) + "\n\n";
  out += latencies(result) + stages(result);
  out += item("rates", rates_words(result.total)) + item("delivery", delivery_words(result.delivery));
  out += item("generator", generator_words(result.generator)) + item("server", server_words(result.server));
  out += item("floor", floor_words(result));
  for (const ErrorCount& error : result.errors)
    out += item("error", error.kind + " " + std::to_string(error.count) + " times, first: " + error.first);
  for (const ThresholdOutcome& one : result.thresholds)
    out += item(one.ok ? "pass" : "**MISS**",
                one.expression + " (" + one.value + ")" + (one.stage.empty() ? "" : " in " + one.stage));
  return out;
}

}  // namespace relay::bench
