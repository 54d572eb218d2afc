#include "outputs.hpp"

#include <filesystem>
#include <fstream>

#include "cli/failure.hpp"
#include "report/csv.hpp"
#include "report/html.hpp"
#include "report/interval_log.hpp"
#include "report/json.hpp"
#include "report/junit.hpp"
#include "report/latency.hpp"
#include "report/markdown.hpp"

namespace relay::bench {
namespace {

struct OutputRow {
  std::string_view flag;
  std::string_view help;
  std::string (*text)(const RunResult& result);
};

constexpr OutputRow kOutputs[] = {
    {"--json", "everything, to compare and report later", [](const RunResult& r) { return to_json(r); }},
    {"--html", "one page with curves, to look at", [](const RunResult& r) { return to_html(r); }},
    {"--junit", "a test case for each threshold, for CI", [](const RunResult& r) { return to_junit(r); }},
    {"--csv", "the figures over time", [](const RunResult& r) { return to_csv(r); }},
    {"--md", "a table for a note or a pull request", [](const RunResult& r) { return to_markdown(r); }},
};
constexpr std::string_view kHgrm = "--hgrm";
constexpr std::string_view kHlog = "--hlog";

std::string marked(const std::string& path, const std::string& mark) {
  std::filesystem::path out(path);
  out.replace_filename(out.stem().string() + mark + out.extension().string());
  return out.string();
}

cli::Outcome<void> write_histograms(const std::string& directory, const RunResult& result) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  for (const LatencyRow& row : kLatencyRows) {
    const Histogram& histogram = result.total[row.which];
    if (histogram.empty()) continue;
    const auto written = write_file(directory + "/" + std::string(row.key) + ".hgrm", hgrm(histogram));
    if (!written) return written.error();
  }
  return {};
}

}  // namespace

std::vector<cli::Flag> output_flags() {
  std::vector<cli::Flag> flags;
  for (const OutputRow& row : kOutputs) flags.push_back({row.flag, "FILE", row.help, cli::Words::kFile});
  flags.push_back({kHgrm, "DIR", "a file for each latency, for HdrHistogram's tools", cli::Words::kFile});
  flags.push_back(
      {kHlog, "FILE", "the latencies of each interval, for HdrHistogram's log tools", cli::Words::kFile});
  return flags;
}

// A saved result does not have them any more.
cli::Outcome<void> write_log(const std::string& path, const RunResult& result) {
  if (result.intervals.empty() && !result.series.empty())
    return cli::usage("--hlog is for the run itself: a saved result has no histogram of each interval");
  return write_file(path, interval_log(result));
}

cli::Outcome<void> write_outputs(const cli::Arguments& arguments, const RunResult& result,
                                 const std::string& mark) {
  for (const OutputRow& row : kOutputs) {
    if (!arguments.has(row.flag)) continue;
    const auto written = write_file(marked(arguments.text(row.flag), mark), row.text(result));
    if (!written) return written.error();
  }
  if (arguments.has(kHlog)) {
    const auto written = write_log(marked(arguments.text(kHlog), mark), result);
    if (!written) return written.error();
  }
  return arguments.has(kHgrm) ? write_histograms(arguments.text(kHgrm) + mark, result) : cli::Outcome<void>();
}

cli::Outcome<void> write_file(const std::string& path, const std::string& text) {
  std::error_code error;
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (file.flush()) return {};
  return cli::Failure{exit_code::kIo, "cannot write " + path};
}

cli::Outcome<RunResult> read_result(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return cli::Failure{exit_code::kNoInput, "cannot read " + path};
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto result = from_json(text);
  if (!result)
    return cli::Failure{exit_code::kData, path + " is no result of relaybench", result.error().message};
  return std::move(*result);
}

}  // namespace relay::bench
