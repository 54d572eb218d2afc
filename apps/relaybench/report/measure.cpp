#include "report/measure.hpp"

#include <array>
#include <charconv>

#include "options/table.hpp"
#include "report/latency.hpp"

namespace relay::bench {
namespace {

using Value = std::optional<double>;

template <class T>
Value number(const std::optional<T>& value) {
  return value ? Value(static_cast<double>(*value)) : Value();
}
Value number(std::uint64_t value) {
  return static_cast<double>(value);
}

Value per_second(std::uint64_t count, const Figures& figures) {
  if (figures.duration_ns <= 0) return {};
  return static_cast<double>(count) * 1e9 / static_cast<double>(figures.duration_ns);
}
Value share(std::uint64_t part, std::uint64_t rest) {
  if (part + rest == 0) return {};
  return static_cast<double>(part) / static_cast<double>(part + rest);
}
Value asked(double rate) {
  return rate > 0 ? Value(rate) : Value();
}

// NOLINTBEGIN: R the result, F the figures of the run or a stage.
#define GET(expression) \
  [](const RunResult& R [[maybe_unused]], const Figures& F [[maybe_unused]]) -> Value { return expression; }
#define TARGET(expression) [](const Figures& F) -> Value { return expression; }
constexpr bool kByStage = true;
constexpr std::array<MeasureRow, 29> kRows{{
    {"delivered.rate", Unit::kRate, Better::kHigher, "deliveries a second", GET(per_second(F.delivered, F)),
     kByStage, TARGET(asked(F.target_delivery_rate))},
    {"delivered.count", Unit::kCount, Better::kNeither, "deliveries", GET(number(F.delivered)), kByStage},
    {"published.rate", Unit::kRate, Better::kHigher, "acknowledged publishes a second",
     GET(per_second(F.published, F)), kByStage, TARGET(asked(F.target_publish_rate))},
    {"published.count", Unit::kCount, Better::kNeither, "acknowledged publishes", GET(number(F.published)),
     kByStage},
    {"publish.errors", Unit::kCount, Better::kLower, "publishes refused, cut or not answered",
     GET(number(F.publish_errors)), kByStage},
    {"publish.error_rate", Unit::kShare, Better::kLower, "the same as a share of all publishes",
     GET(share(F.publish_errors, F.published)), kByStage},
    {"connect.rate", Unit::kRate, Better::kHigher, "streams opened a second", GET(per_second(F.connected, F)),
     kByStage},
    {"connect.errors", Unit::kCount, Better::kLower, "streams that could not be opened",
     GET(number(F.connect_errors)), kByStage},
    {"connect.error_rate", Unit::kShare, Better::kLower, "the same as a share of all attempts",
     GET(share(F.connect_errors, F.connected)), kByStage},
    {"bytes_in.rate", Unit::kRate, Better::kNeither, "bytes a second read by the generator",
     GET(per_second(F.bytes_in, F)), kByStage},
    {"expected", Unit::kCount, Better::kNeither, "deliveries that were due",
     GET(number(R.delivery.expected))},
    {"received", Unit::kCount, Better::kNeither, "of these, how many came", GET(number(R.delivery.received))},
    {"lost", Unit::kCount, Better::kLower, "acknowledged, but not delivered", GET(number(R.delivery.lost))},
    {"duplicate", Unit::kCount, Better::kLower, "delivered again", GET(number(R.delivery.duplicate))},
    {"reordered", Unit::kCount, Better::kLower, "delivered after a later one",
     GET(number(R.delivery.reordered))},
    {"corrupt", Unit::kCount, Better::kLower, "delivered with other bytes", GET(number(R.delivery.corrupt))},
    {"foreign", Unit::kCount, Better::kLower, "of another run or channel", GET(number(R.delivery.foreign))},
    {"late", Unit::kCount, Better::kLower, "delivered after the grace", GET(number(R.delivery.late))},
    {"unacknowledged", Unit::kCount, Better::kNeither, "never acknowledged, never delivered",
     GET(number(R.delivery.unacknowledged))},
    {"errors", Unit::kCount, Better::kLower, "errors of every kind",
     [](const RunResult& R, const Figures&) {
       std::uint64_t sum = 0;
       for (const ErrorCount& error : R.errors) sum += error.count;
       return number(sum);
     }},
    {"generator.lag_p99", Unit::kTime, Better::kLower, "how late the generator itself was",
     GET(static_cast<double>(R.generator.lag_p99_ns))},
    {"generator.cpu", Unit::kCores, Better::kLower, "processor of the busiest generator process",
     GET(R.generator.cpu)},
    {"generator.dropped_slots", Unit::kCount, Better::kLower, "sends left out because the generator was late",
     GET(number(R.generator.dropped_slots))},
    {"server.cpu", Unit::kCores, Better::kLower, "processor of the server", GET(number(R.server.cpu))},
    {"server.cpu_per_delivery", Unit::kTime, Better::kLower, "processor time of the server for one delivery",
     GET(number(R.server.cpu_per_delivery_ns))},
    {"server.cpu_per_publish", Unit::kTime, Better::kLower, "processor time of the server for one publish",
     GET(number(R.server.cpu_per_publish_ns))},
    {"server.rss", Unit::kBytes, Better::kLower, "memory of the server", GET(number(R.server.rss_bytes))},
    {"server.bytes_per_client", Unit::kBytes, Better::kLower, "user memory of the server for one client",
     GET(number(R.server.bytes_per_client))},
    {"duration", Unit::kTime, Better::kNeither, "of the measured part",
     GET(static_cast<double>(F.duration_ns)), kByStage},
}};
#undef GET
#undef TARGET
// NOLINTEND

struct StatisticName {
  std::string_view name;
  Statistic statistic;
};
constexpr std::array<StatisticName, 5> kStatistics{{{"min", Statistic::kMin},
                                                    {"mean", Statistic::kMean},
                                                    {"stddev", Statistic::kStddev},
                                                    {"max", Statistic::kMax},
                                                    {"count", Statistic::kCount}}};
struct Alias {
  std::string_view name;
  std::string_view row;
};
constexpr std::array<Alias, 3> kAliases{
    {{"dup", "duplicate"}, {"out_of_order", "reordered"}, {"loss", "lost"}}};

std::optional<double> parse_percentile(std::string_view text) {
  if (!text.starts_with('p')) return {};
  text.remove_prefix(1);
  double percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('-')) return {};
  if (text.starts_with("99") && text.find('.') == text.npos)
    while (percent >= 100) percent /= 10;  // p999 is p99.9
  if (percent > 100) return {};
  return percent;
}

double statistic_of(const Histogram& histogram, Statistic statistic, double percent) {
  switch (statistic) {
    case Statistic::kMin:
      return static_cast<double>(histogram.min());
    case Statistic::kMean:
      return histogram.mean();
    case Statistic::kStddev:
      return histogram.stddev();
    case Statistic::kMax:
      return static_cast<double>(histogram.max());
    case Statistic::kCount:
      return static_cast<double>(histogram.count());
    case Statistic::kPercentile:
      return static_cast<double>(histogram.percentile(percent));
  }
  return 0;
}

Error unknown(std::string_view name) {
  std::string text = "unknown measure \"" + std::string(name) + "\"";
  if (const auto near = options::nearest(name, measure_names())) text += "; did you mean \"" + *near + "\"?";
  return make_error(ErrorKind::kInvalid, "unknown_measure", std::move(text));
}

}  // namespace

std::span<const MeasureRow> measures() {
  return kRows;
}

Better Measure::better() const {
  if (row_) return row_->better;
  return statistic_ == Statistic::kCount ? Better::kNeither : Better::kLower;
}

std::optional<double> Measure::of(const RunResult& result, const Figures& figures) const {
  if (row_) return row_->get(result, figures);
  const Histogram& histogram = figures[latency_];
  if (histogram.empty() && statistic_ != Statistic::kCount) return {};
  return statistic_of(histogram, statistic_, percent_);
}

std::optional<double> Measure::target(const Figures& figures) const {
  return has_target() ? row_->target(figures) : std::nullopt;
}

Result<Measure> find_measure(std::string_view name) {
  Measure out;
  out.name_ = name;
  std::string_view wanted = name;
  for (const Alias& alias : kAliases)
    if (alias.name == name) wanted = alias.row;
  for (const MeasureRow& row : kRows) {
    if (row.name != wanted) continue;
    out.row_ = &row;
    return out;
  }
  for (const LatencyRow& row : kLatencyRows) {
    if (!name.starts_with(row.key) || name.substr(row.key.size(), 1) != ".") continue;
    const std::string_view statistic = name.substr(row.key.size() + 1);
    out.latency_ = row.which;
    for (const StatisticName& known : kStatistics) {
      if (known.name != statistic) continue;
      out.statistic_ = known.statistic;
      return out;
    }
    if (const auto percent = parse_percentile(statistic)) {
      out.statistic_ = Statistic::kPercentile;
      out.percent_ = *percent;
      return out;
    }
  }
  return unknown(name);
}

std::vector<std::string> measure_names() {
  std::vector<std::string> out;
  for (const LatencyRow& row : kLatencyRows)
    for (const std::string_view statistic :
         {"p50", "p90", "p99", "p99.9", "min", "mean", "stddev", "max", "count"})
      out.push_back(std::string(row.key) + "." + std::string(statistic));
  for (const MeasureRow& row : kRows) out.emplace_back(row.name);
  return out;
}

}  // namespace relay::bench
