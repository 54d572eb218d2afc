#include "report/curves.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include "cli/human.hpp"
#include "report/latency.hpp"
#include "report/units.hpp"

namespace relay::bench {
namespace {

constexpr std::size_t kMostPoints = 600;  // about one for each unit of the drawing's width
constexpr std::size_t kMostWords = 150;   // points that say their value

std::string share_words(double share) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g %%", share * 100);
  return text;
}

std::vector<Point> share_points(const Histogram& histogram) {
  constexpr double kStepsPerDecade = 10;
  std::vector<Point> out;
  const auto add = [&](double x, double percent) {
    const auto ns = static_cast<double>(histogram.percentile(percent));
    out.push_back({x, ns, share_words(percent / 100) + "  " + human_ns(ns)});
  };
  const double end = std::log10(static_cast<double>(histogram.count()));
  for (double x = 0; x < end; x += 1 / kStepsPerDecade) add(x, 100 * (1 - std::pow(10, -x)));
  add(end, 100);
  return out;
}

Chart share_chart(const RunResult& result, const RunResult* other) {
  Chart out;
  out.title = "Latency by share of the values";
  double count = 0;
  const auto add = [&](const RunResult& from, bool is_other) {
    for (std::size_t i = 0; i < kLatencyRows.size(); ++i) {
      const Histogram& histogram = from.total[kLatencyRows[i].which];
      if (histogram.empty()) continue;
      count = std::max(count, static_cast<double>(histogram.count()));
      out.lines.push_back({std::string(kLatencyRows[i].label) + (is_other ? ", before" : ""),
                           static_cast<int>(i), is_other, share_points(histogram)});
    }
  };
  if (other) add(*other, true);
  add(result, false);
  out.x = share_axis(count);
  return out;
}

// What one number of the series is, and how several are made one.
struct Trait {
  std::string label;
  std::function<double(const SeriesPoint&)> get;
  std::string (*words)(double);
  bool greatest = false;  // of several: the greatest, else the mean
};

std::vector<Point> series_points(const RunResult& result, const Trait& trait) {
  std::vector<Point> out;
  const std::size_t step = result.series.size() / kMostPoints + 1;
  const bool speaks = result.series.size() <= kMostWords;
  for (std::size_t at = 0; at < result.series.size(); at += step) {
    const std::size_t end = std::min(at + step, result.series.size());
    double value = 0;
    for (std::size_t i = at; i < end; ++i) {
      const double one = trait.get(result.series[i]);
      value = trait.greatest ? std::max(value, one) : value + one / static_cast<double>(end - at);
    }
    const double seconds = static_cast<double>(result.series[at].at_ns) / 1e9;
    const std::string words = human(Unit::kTime, seconds * 1e9) + "  " + trait.words(value);
    out.push_back({seconds, value, speaks ? words : ""});
  }
  return out;
}

Chart over_time(std::string title, const std::vector<Trait>& traits, const RunResult& result,
                const RunResult* other) {
  Chart out;
  out.title = std::move(title);
  double seconds = 0;
  const auto add = [&](const RunResult& from, bool is_other) {
    seconds = std::max(seconds, static_cast<double>(from.total.duration_ns) / 1e9);
    for (std::size_t i = 0; i < traits.size(); ++i)
      out.lines.push_back({traits[i].label + (is_other ? ", before" : ""), static_cast<int>(i), is_other,
                           series_points(from, traits[i])});
  };
  if (other) add(*other, true);
  add(result, false);
  out.x = seconds_axis(seconds);
  if (result.stages.size() > 1)
    for (const Stage& stage : result.stages)
      out.bands.push_back(
          {stage.name, static_cast<double>(stage.start_ns) / 1e9, static_cast<double>(stage.end_ns) / 1e9});
  return out;
}

double greatest(const Chart& chart) {
  double out = 0;
  for (const Line& line : chart.lines)
    for (const Point& point : line.points) out = std::max(out, point.y);
  return out;
}

// On a logarithmic axis a value of zero has no place: intervals without deliveries are left out.
void set_latency_axis(Chart& chart) {
  double low = greatest(chart);
  for (Line& line : chart.lines) {
    std::erase_if(line.points, [](const Point& point) { return point.y <= 0; });
    for (const Point& point : line.points) low = std::min(low, point.y);
  }
  if (low > 0) chart.y = latency_axis(low, greatest(chart));
}

std::string grouped_words(double value) {
  return cli::grouped(std::llround(value));
}
std::string ns_words(double value) {
  return human_ns(value);
}

Chart rate_chart(std::string title, Trait trait, const RunResult& result, const RunResult* other) {
  Chart out = over_time(std::move(title), {std::move(trait)}, result, other);
  out.y = linear_axis(greatest(out), out.title.starts_with("Clients") ? grouped_words : human_per_second);
  return out;
}

}  // namespace

std::vector<Chart> charts(const RunResult& result, const RunResult* other) {
  std::vector<Chart> all;
  all.push_back(share_chart(result, other));
  set_latency_axis(all.back());
  if (result.series.size() > 1) {
    const auto ns = [](std::int64_t value) { return static_cast<double>(value); };
    all.push_back(over_time(
        "Latency over time",
        {{"p50", [ns](const SeriesPoint& p) { return ns(p.p50_ns); }, ns_words},
         {"p99", [ns](const SeriesPoint& p) { return ns(p.p99_ns); }, ns_words, true},
         {"lag of the generator", [ns](const SeriesPoint& p) { return ns(p.lag_ns); }, ns_words, true}},
        result, other));
    set_latency_axis(all.back());
    const auto rate = [&](const char* title, const char* label, double SeriesPoint::* which) {
      all.push_back(rate_chart(title,
                               {label, [which](const SeriesPoint& p) { return p.*which; }, human_per_second},
                               result, other));
    };
    rate("Deliveries a second", "deliveries", &SeriesPoint::delivered_per_s);
    rate("Publishes a second", "publishes", &SeriesPoint::published_per_s);
    all.push_back(rate_chart(
        "Clients connected",
        {"clients", [](const SeriesPoint& p) { return static_cast<double>(p.clients); }, grouped_words},
        result, other));
  }
  std::erase_if(all, [](const Chart& chart) { return greatest(chart) <= 0; });
  return all;
}

}  // namespace relay::bench
