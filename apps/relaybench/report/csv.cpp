#include "report/csv.hpp"

#include <charconv>

#include "report/measure.hpp"

namespace relay::bench {
namespace {

std::string_view name_of(Unit unit) {
  switch (unit) {
    case Unit::kTime:
      return "ns";
    case Unit::kCount:
      return "count";
    case Unit::kRate:
      return "per_s";
    case Unit::kShare:
      return "share";
    case Unit::kBytes:
      return "bytes";
    case Unit::kCores:
      return "cores";
  }
  return "";
}

// The shortest text that reads back as the same number.
std::string plain(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

class Lines {
 public:
  explicit Lines(const RunResult& result) : result_(result) {
    out_ = "run,name,stage,at_s,measure,value,unit\r\n";
  }

  void add(std::string_view stage, std::string_view at, std::string_view measure, double value, Unit unit) {
    for (const std::string_view cell :
         {std::string_view(result_.run.id), std::string_view(result_.run.name), stage, at, measure})
      out_ += quoted(cell) + ",";
    out_ += plain(value) + "," + std::string(name_of(unit)) + "\r\n";
  }
  void add_measures(std::string_view stage, const Figures& figures) {
    for (const std::string& name : measure_names()) {
      const auto measure = find_measure(name).value();
      if (!stage.empty() && !measure.by_stage()) continue;
      if (const auto value = measure.of(result_, figures)) add(stage, "", name, *value, measure.unit());
    }
  }
  void add_series() {
    for (const SeriesPoint& point : result_.series) {
      const std::string at = plain(static_cast<double>(point.at_ns) / 1e9);
      const auto ns = [](std::int64_t value) { return static_cast<double>(value); };
      add("", at, "published.rate", point.published_per_s, Unit::kRate);
      add("", at, "delivered.rate", point.delivered_per_s, Unit::kRate);
      add("", at, "clients", static_cast<double>(point.clients), Unit::kCount);
      add("", at, "e2e.p50", ns(point.p50_ns), Unit::kTime);
      add("", at, "e2e.p99", ns(point.p99_ns), Unit::kTime);
      add("", at, "generator.lag_p99", ns(point.lag_ns), Unit::kTime);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  const RunResult& result_;
  std::string out_;
};

}  // namespace

std::string to_csv(const RunResult& result) {
  Lines lines(result);
  lines.add_measures("", result.total);
  for (const Stage& stage : result.stages) lines.add_measures(stage.name, stage.figures);
  lines.add_series();
  return lines.take();
}

}  // namespace relay::bench
