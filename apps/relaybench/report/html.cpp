#include "report/html.hpp"

#include <array>
#include <cstdio>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "cli/human.hpp"
#include "report/compare.hpp"
#include "report/curves.hpp"
#include "report/facts.hpp"
#include "report/html_style.hpp"
#include "report/markup.hpp"

namespace relay::bench {
namespace {

std::string element(std::string_view name, std::string_view css, const std::string& inside) {
  return "<" + std::string(name) + (css.empty() ? "" : attribute("class", css)) + ">" + inside + "</" +
         std::string(name) + ">";
}
std::string paragraph(std::string_view css, std::string_view words) {
  return element("p", css, escaped(words)) + "\n";
}
std::string heading(std::string_view words) {
  return element("h2", "", escaped(words)) + "\n";
}

class Table {
 public:
  explicit Table(std::span<const std::string_view> headings, std::string_view css = "") {
    out_ =
        "<div class=\"scroll\"><table" + (css.empty() ? std::string() : attribute("class", css)) + ">\n<tr>";
    for (const std::string_view one : headings) out_ += element("th", "", escaped(one));
    out_ += "</tr>\n";
  }
  void add(std::span<const std::string> cells, std::string_view css_of_last = "") {
    out_ += "<tr>";
    for (const std::string& cell : cells)
      out_ += element("td", &cell == &cells.back() ? css_of_last : "", escaped(cell));
    out_ += "</tr>\n";
    empty_ = false;
  }
  // Nothing when no row was added.
  std::string take() { return empty_ ? "" : std::move(out_) + "</table></div>\n"; }

 private:
  std::string out_;
  bool empty_ = true;
};

std::string latencies(const RunResult& result) {
  std::vector<std::string_view> headings{"latency"};
  headings.insert(headings.end(), kLatencyHeadings.begin(), kLatencyHeadings.end());
  headings.emplace_back("");
  Table table(headings);
  for (const LatencyLine& one : latency_lines(result.total)) {
    std::vector<std::string> cells{std::string(one.row->label)};
    cells.insert(cells.end(), one.cells.begin(), one.cells.end());
    cells.emplace_back(one.row->note);
    table.add(cells, "note");
  }
  return table.take();
}

std::string stages(const RunResult& result) {
  Table table(kStageHeadings);
  for (const StageLine& s : stage_lines(result))
    table.add(std::vector{s.name, s.span, s.published, s.delivered, s.p50, s.p99});
  const std::string rows = table.take();
  return rows.empty() ? "" : heading("Stages") + rows;
}

std::string facts(const RunResult& result) {
  constexpr std::array<std::string_view, 2> kHeadings{"", ""};
  Table table(kHeadings, "words");
  const auto add = [&](const char* name, const std::string& words) {
    if (!words.empty()) table.add(std::vector<std::string>{name, words});
  };
  add("rates", rates_words(result.total));
  add("delivery", delivery_words(result.delivery));
  add("generator", generator_words(result.generator));
  add("server", server_words(result.server));
  add("floor", floor_words(result));
  return table.take();
}

std::string thresholds(const RunResult& result) {
  constexpr std::array<std::string_view, 4> kHeadings{"threshold", "stage", "found", ""};
  Table table(kHeadings);
  for (const ThresholdOutcome& one : result.thresholds)
    table.add(std::vector<std::string>{one.expression, one.stage, one.value, one.ok ? "pass" : "MISS"},
              one.ok ? "good" : "bad");
  const std::string rows = table.take();
  return rows.empty() ? "" : heading("Thresholds") + rows;
}

std::string problems(const RunResult& result) {
  constexpr std::array<std::string_view, 3> kErrors{"error", "times", "first"};
  Table errors(kErrors, "words");
  for (const ErrorCount& one : result.errors)
    errors.add(
        std::vector<std::string>{one.kind, cli::grouped(static_cast<std::int64_t>(one.count)), one.first});
  constexpr std::array<std::string_view, 1> kSamples{"the first offenders"};
  Table samples(kSamples, "words");
  for (const Delivery::Sample& one : result.delivery.samples) samples.add(std::vector{sample_words(one)});
  const std::string rows = errors.take() + samples.take();
  return rows.empty() ? "" : heading("What went wrong") + rows;
}

std::string comparison(const RunResult& result, const RunResult* other) {
  if (!other) return {};
  const auto report = compare({*other}, {result}, {.force = true});
  if (report.has_error())
    return heading("Against the result before") + paragraph("soft", report.error().message);
  constexpr std::array<std::string_view, 5> kHeadings{"measure", "before", "now", "change", ""};
  Table table(kHeadings);
  for (const CompareRow& row : report->rows) {
    char change[40] = "-";
    if (row.shift) std::snprintf(change, sizeof change, "%+.1f %%", *row.shift * 100);
    const std::string_view css = row.change == Change::kWorse    ? "bad"
                                 : row.change == Change::kBetter ? "good"
                                                                 : "soft";
    const Unit unit = row.measure.unit();
    table.add(std::vector<std::string>{row.measure.name(), human(unit, row.base), human(unit, row.fresh),
                                       change, std::string(name_of(row.change))},
              css);
  }
  std::string out = heading("Against the result before") + table.take();
  for (const std::string& note : report->notes) out += paragraph("soft", note);
  return out;
}

std::string circumstances(const RunResult& result) {
  const Host& host = result.host;
  std::string out = heading("Circumstances");
  std::string tags;
  for (const auto& [key, value] : result.run.tags) tags += "   " + key + "=" + value;
  out +=
      paragraph("soft", "run " + result.run.id + "   " + rfc3339(result.run.start_ms) + "   seed " +
                            std::to_string(result.run.seed) + "   load " + result.run.scenario_hash + tags);
  out += paragraph("soft", host.cpu_model + ", " + cli::counted(host.cpus, "processor") + ", " +
                               cli::human_bytes(host.memory_bytes) + "   " + host.kernel + "   open files " +
                               cli::grouped(host.nofile));
  return out + paragraph("soft", "relaybench " + result.tool_version +
                                     (result.tool_commit.empty() ? "" : " (" + result.tool_commit + ")"));
}

}  // namespace

std::string to_html(const RunResult& result, const RunResult* other) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
  out += element("title", "", escaped("relaybench " + result.run.name)) + "\n<style>" +
         std::string(kHtmlStyle) + "</style>\n</head>\n<body>\n";
  out += element("h1", "", escaped(result.run.name)) + "\n";
  out += paragraph("", load_words(result));
  out += paragraph("soft", result.target.driver + " " + result.target.transport + "   " + result.target.url +
                               "   " + result.target.server_version);
  out += paragraph(result.exit_code == 0 ? "verdict good" : "verdict bad", verdict_words(result));
  out +=
      latencies(result) + facts(result) + thresholds(result) + comparison(result, other) + problems(result);
  for (const Chart& chart : charts(result, other)) out += figure(chart);
  out += stages(result) + circumstances(result);
  return out + "</body>\n</html>\n";
}

}  // namespace relay::bench
