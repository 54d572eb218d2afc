#include "report/versus.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/human.hpp"
#include "report/facts.hpp"
#include "report/json.hpp"
#include "report/measure.hpp"
#include "report/statistics.hpp"

namespace relay::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 13> kMeasures{"e2e.p50",
                                                     "e2e.p99",
                                                     "e2e.p99.9",
                                                     "publish.p50",
                                                     "publish.p99",
                                                     "connect.p99",
                                                     "replay.p99",
                                                     "published.rate",
                                                     "delivered.rate",
                                                     "server.cpu_per_delivery",
                                                     "server.cpu_per_publish",
                                                     "server.rss",
                                                     "server.bytes_per_client"};

VersusRow row_of(const Measure& measure, const std::vector<VersusPair>& pairs) {
  VersusRow out;
  out.measure = measure.name();
  std::vector<double> a;
  std::vector<double> b;
  for (const VersusPair& pair : pairs) {
    const auto first = measure.of(pair.a);
    const auto second = measure.of(pair.b);
    if (!first || !second || *second == 0) continue;
    a.push_back(*first);
    b.push_back(*second);
    out.ratios.push_back(*first / *second);
  }
  if (out.ratios.empty()) return out;
  out.a = median(a);
  out.b = median(b);
  out.median_ratio = median(out.ratios);
  const auto [least, greatest] = std::minmax_element(out.ratios.begin(), out.ratios.end());
  out.least = *least;
  out.greatest = *greatest;
  return out;
}

std::string side(const RunResult& result) {
  std::string out = result.target.driver + " " + result.target.transport + "  " + result.target.url;
  if (!result.target.server_version.empty()) out += "  " + result.target.server_version;
  return out;
}

// What of a run forbids to trust its ratios.
std::string flaw(const RunResult& result) {
  if (!result.generator.valid) return "INVALID";
  return result.delivery.broken;
}

std::string flaws(const std::vector<VersusPair>& pairs) {
  std::string out;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    for (const auto& [name, run] : {std::pair{"A", &pairs[i].a}, std::pair{"B", &pairs[i].b}})
      if (const std::string found = flaw(*run); !found.empty())
        out += std::string(name) + " " + std::to_string(i + 1) + ": " + found + "\n";
  return out;
}

}  // namespace

std::vector<VersusRow> versus_rows(const std::vector<VersusPair>& pairs) {
  std::vector<VersusRow> out;
  for (const std::string_view name : kMeasures) {
    VersusRow row = row_of(find_measure(name).value(), pairs);
    if (!row.ratios.empty()) out.push_back(std::move(row));
  }
  return out;
}

std::string versus_text(const std::vector<VersusPair>& pairs) {
  if (pairs.empty()) return "no pairs\n";
  std::string out = "A  " + side(pairs.front().a) + "\nB  " + side(pairs.front().b) + "\n" +
                    load_words(pairs.front().a) + "   " +
                    cli::counted(static_cast<std::int64_t>(pairs.size()), "pair") + "\n";
  char line[240];
  std::snprintf(line, sizeof line, "%-24s %10s %10s %8s   %s\n", "measure", "A", "B", "A / B", "spread");
  out += line;
  for (const VersusRow& row : versus_rows(pairs)) {
    const Unit unit = find_measure(row.measure).value().unit();
    std::snprintf(line, sizeof line, "%-24s %10s %10s %8.3f   %.3f .. %.3f\n", row.measure.c_str(),
                  human(unit, row.a).c_str(), human(unit, row.b).c_str(), row.median_ratio, row.least,
                  row.greatest);
    out += line;
  }
  return out + flaws(pairs);
}

std::string versus_json(const std::vector<VersusPair>& pairs) {
  Json rows = Json::array();
  for (const VersusRow& row : versus_rows(pairs))
    rows.push_back({{"measure", row.measure},
                    {"a", row.a},
                    {"b", row.b},
                    {"ratio", row.median_ratio},
                    {"least", row.least},
                    {"greatest", row.greatest},
                    {"ratios", row.ratios}});
  Json runs = Json::array();
  for (const VersusPair& pair : pairs)
    runs.push_back({{"a", Json::parse(to_json(pair.a))}, {"b", Json::parse(to_json(pair.b))}});
  const Json out{{"schema", "relaybench-versus/1"}, {"rows", std::move(rows)}, {"pairs", std::move(runs)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace relay::bench
