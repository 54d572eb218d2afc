#include "report/chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "report/markup.hpp"
#include "report/units.hpp"

namespace relay::bench {
namespace {

// The drawing's own units; the page scales it.
constexpr double kWidth = 720;
constexpr double kHeight = 270;
constexpr double kLeft = 62;
constexpr double kRight = 12;
constexpr double kTop = 22;
constexpr double kBottom = 26;
constexpr double kHitRadius = 6;

std::string coordinate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

double share_of(const Axis& axis, double value) {
  value = std::clamp(value, axis.low, axis.high);
  if (axis.logarithmic) return std::log(value / axis.low) / std::log(axis.high / axis.low);
  return (value - axis.low) / (axis.high - axis.low);
}

double across(const Chart& chart, double x) {
  return kLeft + share_of(chart.x, x) * (kWidth - kLeft - kRight);
}
double down(const Chart& chart, double y) {
  return kHeight - kBottom - share_of(chart.y, y) * (kHeight - kTop - kBottom);
}

std::string text(double x, double y, std::string_view anchor, std::string_view css, std::string_view words) {
  return "<text" + attribute("x", coordinate(x)) + attribute("y", coordinate(y)) +
         attribute("text-anchor", anchor) + (css.empty() ? "" : attribute("class", css)) + ">" +
         escaped(words) + "</text>";
}

std::string rule(double x1, double y1, double x2, double y2) {
  return "<line" + attribute("x1", coordinate(x1)) + attribute("y1", coordinate(y1)) +
         attribute("x2", coordinate(x2)) + attribute("y2", coordinate(y2)) + attribute("class", "grid") +
         "/>";
}

std::string grid(const Chart& chart) {
  std::string out;
  for (const Tick& tick : chart.y.ticks) {
    const double y = down(chart, tick.at);
    out += rule(kLeft, y, kWidth - kRight, y) + text(kLeft - 6, y + 4, "end", "", tick.label);
  }
  for (const Tick& tick : chart.x.ticks) {
    const double x = across(chart, tick.at);
    out += rule(x, kTop, x, kHeight - kBottom);
    out += text(x, kHeight - 8, x > kWidth - 2 * kRight ? "end" : "middle", "", tick.label);
  }
  return out;
}

std::string bands(const Chart& chart) {
  std::string out;
  for (std::size_t i = 0; i < chart.bands.size(); ++i) {
    const Band& band = chart.bands[i];
    const double from = across(chart, band.from);
    const double to = across(chart, band.to);
    out += "<rect" + attribute("x", coordinate(from)) + attribute("y", coordinate(kTop)) +
           attribute("width", coordinate(to - from)) +
           attribute("height", coordinate(kHeight - kTop - kBottom)) +
           attribute("class", i % 2 == 0 ? "band even" : "band odd") + "/>";
    out += text((from + to) / 2, 14, "middle", "stage", band.label);
  }
  return out;
}

std::string css_of(const Line& line) {
  return "c" + std::to_string(line.colour) + (line.of_other ? " other" : "");
}

std::string curve(const Chart& chart, const Line& line) {
  if (line.points.empty()) return {};
  std::string places;
  for (const Point& point : line.points)
    places += (places.empty() ? "" : " ") + coordinate(across(chart, point.x)) + "," +
              coordinate(down(chart, point.y));
  return "<polyline" + attribute("class", css_of(line)) + attribute("points", places) + "/>";
}

std::string hits(const Chart& chart, const Line& line) {
  std::string out;
  for (const Point& point : line.points) {
    if (point.words.empty()) continue;
    out += "<circle" + attribute("class", "hit") + attribute("cx", coordinate(across(chart, point.x))) +
           attribute("cy", coordinate(down(chart, point.y))) + attribute("r", coordinate(kHitRadius)) +
           "><title>" + escaped(line.label + "  " + point.words) + "</title></circle>";
  }
  return out;
}

std::string legend(const Chart& chart) {
  std::string out = "<p class=\"legend\">";
  for (const Line& line : chart.lines)
    out += "<span><svg viewBox=\"0 0 30 8\" width=\"30\" height=\"8\"><polyline" +
           attribute("class", css_of(line)) + " points=\"0,4 30,4\"/></svg> " + escaped(line.label) +
           "</span> ";
  return out + "</p>";
}

// 1, 2 or 5 times a power of ten, at least `least`.
double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (power * factor >= least * (1 - 1e-9)) return power * factor;
  return power * 10;
}

std::string seconds_name(double seconds) {
  if (seconds < 120) return std::to_string(std::lround(seconds)) + " s";
  char text[32];
  std::snprintf(text, sizeof text, seconds < 3600 ? "%.3g min" : "%.3g h",
                seconds / (seconds < 3600 ? 60 : 3600));
  return text;
}

}  // namespace

std::string figure(const Chart& chart) {
  std::string out = "<figure><figcaption>" + escaped(chart.title) + "</figcaption>\n<svg" +
                    attribute("viewBox", "0 0 " + coordinate(kWidth) + " " + coordinate(kHeight)) +
                    attribute("role", "img") + attribute("aria-label", chart.title) + ">\n";
  out += bands(chart) + "\n" + grid(chart) + "\n";
  for (const Line& line : chart.lines) out += curve(chart, line) + "\n";
  for (const Line& line : chart.lines) out += hits(chart, line);
  return out + "</svg>\n" + (chart.lines.size() > 1 ? legend(chart) : "") + "</figure>\n";
}

Axis latency_axis(double low, double high) {
  constexpr double kManyDecades = 1000;
  Axis out;
  out.logarithmic = true;
  const bool tens_alone = high / low > kManyDecades;
  const std::vector<double> factors = tens_alone ? std::vector<double>{1} : std::vector<double>{1, 2, 5};
  std::vector<double> steps;
  for (double power = std::pow(10, std::floor(std::log10(low))); power <= high * 10; power *= 10)
    for (const double factor : factors) steps.push_back(power * factor);
  auto first = std::upper_bound(steps.begin(), steps.end(), low * (1 + 1e-9)) - 1;
  auto last = std::lower_bound(steps.begin(), steps.end(), high);
  if (first == last) ++last;
  out.low = *first;
  out.high = *last;
  for (auto step = first; step <= last; ++step) out.ticks.push_back({*step, human_ns(*step)});
  return out;
}

Axis linear_axis(double high, std::string (*name)(double)) {
  Axis out;
  const double step = round_step(std::max(high, 1e-9) / 5);
  out.high = step * std::max(1.0, std::ceil(high / step - 1e-9));
  for (double at = 0; at <= out.high * (1 + 1e-9); at += step) out.ticks.push_back({at, name(at)});
  return out;
}

Axis seconds_axis(double seconds) {
  Axis out;
  out.high = std::max(seconds, 1e-3);
  const double wanted = out.high / 8;
  double step = wanted <= 30 ? round_step(std::max(wanted, 1.0)) : 60;
  for (const double rounder : {60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0})
    if (wanted > 30 && step < wanted) step = rounder;
  for (double at = 0; at <= out.high * (1 + 1e-9); at += step) out.ticks.push_back({at, seconds_name(at)});
  return out;
}

Axis share_axis(double count) {
  Axis out;
  out.high = std::log10(std::max(count, 10.0));
  out.ticks = {{0, "0 %"}, {std::log10(2), "50 %"}, {1, "90 %"}};
  std::string nines = "99";
  for (double at = 2; at <= out.high * (1 + 1e-9); at += 1) {
    out.ticks.push_back({at, nines + " %"});
    nines += nines == "99" ? ".9" : "9";
  }
  return out;
}

}  // namespace relay::bench
