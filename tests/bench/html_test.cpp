#include "report/html.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "bench/sample_result.hpp"
#include "report/chart.hpp"
#include "report/curves.hpp"
#include "report/verdict.hpp"
#include "support/catch.hpp"

namespace {

using namespace relay::bench;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The first element that is not closed where it must be, in a page that is XML after its first line; or
// nothing.
std::string unbalanced(const std::string& page) {
  std::vector<std::string> open;
  for (auto at = page.find('<', page.find("<html")); at != std::string::npos; at = page.find('<', at + 1)) {
    const auto end = page.find('>', at);
    if (end == std::string::npos) return "a tag without end";
    const std::string tag = page.substr(at + 1, end - at - 1);
    if (tag.ends_with('/')) continue;
    std::string name;
    for (const char c : tag)
      if (std::isspace(static_cast<unsigned char>(c)))
        break;
      else
        name += c;
    if (!name.starts_with('/')) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name.substr(1)) {
      return "unexpected <" + name + ">";
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

RunResult judged() {
  RunResult result = sample_result();
  judge(result, std::vector{parse_threshold("e2e.p99<20ms").value(), parse_threshold("e2e.p50<1us").value()},
        {});
  return result;
}

TEST_CASE("the page is whole, needs nothing from elsewhere, and shows what the table shows") {
  const std::string page = to_html(judged());
  CHECK(unbalanced(page) == "");
  for (const char* forbidden : {"<script", "src=", "href=", "url(", "@import", "nan", "inf\"", "-nan"})
    CHECK_FALSE(has(page, forbidden));
  CHECK(has(page, "<p class=\"verdict bad\">MISSED (exit 99)</p>"));
  CHECK(has(page, "<td class=\"bad\">MISS</td>"));
  CHECK(has(page, "<td>end to end</td><td>150,000</td>"));
  CHECK(has(page, "aria-label=\"Latency by share of the values\""));
  CHECK(has(page, ">storm</text>"));
  CHECK(has(page, "prefers-color-scheme: dark"));
}

TEST_CASE("the result before lies under the curves and has a table") {
  const RunResult before = sample_result(0.5);
  const std::string page = to_html(judged(), &before);
  CHECK(unbalanced(page) == "");
  CHECK(has(page, "class=\"c2 other\""));
  CHECK(has(page, "end to end, before"));
  CHECK(has(page, "Against the result before"));
  CHECK(has(page, "<td class=\"bad\">worse</td>"));
}

TEST_CASE("a result without anything still makes a page") {
  const std::string page = to_html(RunResult{});
  CHECK(unbalanced(page) == "");
  CHECK_FALSE(has(page, "<figure"));
}

TEST_CASE("data cannot break the page") {
  RunResult result = judged();
  result.run.name = "</title><script>alert(1)</script>";
  result.stages[0].name = "\"><b>";
  result.errors = {{"x", 1, "a & b \x01\xff"}};
  const std::string page = to_html(result);
  CHECK_FALSE(has(page, "<script"));
  CHECK_FALSE(has(page, "<b>"));
  CHECK(has(page, "a &amp; b \xef\xbf\xbd\xef\xbf\xbd"));
  CHECK(unbalanced(page) == "");
}

TEST_CASE("a long run is thinned, its peaks stay") {
  RunResult result = sample_result();
  result.series.clear();
  for (int i = 0; i < 28'800; ++i)
    result.series.push_back(
        {i * 1'000'000'000LL, 500, 50'000, 1'000, 400'000, i == 14'321 ? 700'000'000 : 2'000'000, 0});
  result.total.duration_ns = 28'800'000'000'000;
  const auto all = charts(result, nullptr);
  const Chart& over_time = all.at(1);
  REQUIRE(over_time.title == "Latency over time");
  const auto& p99 = over_time.lines.at(1).points;
  CHECK(p99.size() <= 601);
  double peak = 0;
  for (const Point& point : p99) peak = std::max(peak, point.y);
  CHECK(peak == 700'000'000);
  CHECK(to_html(result).size() < 200'000);
}

TEST_CASE("axes have round ticks around what they show") {
  const auto labels = [](const Axis& axis) {
    std::string out;
    for (const Tick& tick : axis.ticks) out += (out.empty() ? "" : " ") + tick.label;
    return out;
  };
  CHECK(labels(latency_axis(0.3e6, 4e6)) == "0.20ms 0.50ms 1.00ms 2.00ms 5.00ms");
  CHECK(labels(latency_axis(1e6, 1e6)) == "1.00ms 2.00ms");
  CHECK(labels(latency_axis(2e3, 3e9)) == "1.00us 10.0us 0.10ms 1.00ms 10.0ms 100ms 1.00s 10.0s");
  CHECK(labels(share_axis(150'000)) == "0 % 50 % 90 % 99 % 99.9 % 99.99 % 99.999 %");
  CHECK(labels(seconds_axis(30)) == "0 s 5 s 10 s 15 s 20 s 25 s 30 s");
  CHECK(labels(seconds_axis(28'800)) == "0 s 1 h 2 h 3 h 4 h 5 h 6 h 7 h 8 h");
  const Axis rate = linear_axis(52'000, [](double value) { return std::to_string(std::lround(value)); });
  CHECK(labels(rate) == "0 20000 40000 60000");
  CHECK(rate.high == 60'000);
}

TEST_CASE("points stand where their values are, and never outside") {
  Chart chart;
  chart.x = {0, 10, false, {}};
  chart.y = {1, 100, true, {}};
  chart.lines = {{"line", 0, false, {{0, 1, ""}, {5, 10, ""}, {20, 1000, ""}}}};
  // 62 … 708 across, 244 … 22 down: the middles are 385 and 133.
  CHECK(has(figure(chart), "points=\"62.0,244.0 385.0,133.0 708.0,22.0\""));
}

}  // namespace
