// A line chart as one inline SVG, and the axes for it. Pure; any thread.
//
// Colours are classes (c0 … c5) of the page's style sheet, so that light and dark are its business; lines
// differ by dashes or width as well, so that nobody needs the colours. No script, nothing from elsewhere.
#pragma once

#include <string>
#include <vector>

namespace relay::bench {

struct Tick {
  double at = 0;
  std::string label;
};

struct Axis {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  std::vector<Tick> ticks;
};

struct Point {
  double x = 0;
  double y = 0;
  std::string words;  // shown when the pointer is over it; empty: nothing is
};

struct Line {
  std::string label;
  int colour = 0;         // 0 … 5
  bool of_other = false;  // of the result that is compared with: thinner, dotted
  std::vector<Point> points;
};

struct Band {
  std::string label;
  double from = 0;
  double to = 0;
};

struct Chart {
  std::string title;
  Axis x;
  Axis y;
  std::vector<Line> lines;
  std::vector<Band> bands;  // behind the lines, over the whole height
};

// "<figure>…</figure>" with title, SVG and legend. Points outside the axes are moved to their edge.
std::string figure(const Chart& chart);

// Nanoseconds on a logarithmic axis: whole 1-2-5 steps around low … high. REQUIRES: 0 < low <= high.
Axis latency_axis(double low, double high);
// From 0 to a round number above `high`, some five ticks, each named by `name`.
Axis linear_axis(double high, std::string (*name)(double));
// Seconds of a run.
Axis seconds_axis(double seconds);
// log10(1 / (1 - share)) for shares up to 1 - 1/count: 0 %, 50 %, 90 %, 99 %, …
Axis share_axis(double count);

}  // namespace relay::bench
