// A CompareReport as text and as JSON.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/human.hpp"
#include "report/compare.hpp"

namespace relay::bench {
namespace {

using Json = nlohmann::ordered_json;

std::string signed_percent(double share) {
  char text[40];
  std::snprintf(text, sizeof text, "%+.1f %%", share * 100);
  return text;
}

std::string short_number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

std::string text_line(std::string_view measure, std::string_view base, std::string_view fresh,
                      std::string_view change, std::string_view interval, std::string_view p,
                      std::string_view verdict) {
  char line[320];
  const auto fit = [](std::string_view text) { return std::string(text); };
  std::snprintf(line, sizeof line, "%-24s %9s %9s %9s   %-20s %6s   %s\n", fit(measure).c_str(),
                fit(base).c_str(), fit(fresh).c_str(), fit(change).c_str(), fit(interval).c_str(),
                fit(p).c_str(), fit(verdict).c_str());
  return line;
}

std::string row_text(const CompareRow& row) {
  const Unit unit = row.measure.unit();
  const std::string interval =
      row.interval ? signed_percent(row.interval->low) + " .. " + signed_percent(row.interval->high) : "-";
  return text_line(row.measure.name(), human(unit, row.base), human(unit, row.fresh),
                   row.shift ? signed_percent(*row.shift) : "-", interval, row.p ? short_number(*row.p) : "-",
                   std::string(name_of(row.change)) + (row.weak ? " (weak)" : ""));
}

Json row_json(const CompareRow& row) {
  Json out{{"measure", row.measure.name()}, {"base", row.base}, {"new", row.fresh}};
  if (row.shift) out["shift"] = *row.shift;
  if (row.interval) out["interval"] = {row.interval->low, row.interval->high};
  if (row.p) out["p"] = *row.p;
  out["weak"] = row.weak;
  out["verdict"] = name_of(row.change);
  return out;
}

}  // namespace

std::string to_text(const CompareReport& report) {
  std::string out = "compare  " + cli::counted(static_cast<std::int64_t>(report.base_runs), "base run") +
                    ", " + cli::counted(static_cast<std::int64_t>(report.fresh_runs), "new run") +
                    "   tolerance " + human(Unit::kShare, report.tolerance) + "\n";
  out += text_line("measure", "base", "new", "change", "95 % interval", "p", "verdict");
  for (const CompareRow& row : report.rows) out += row_text(row);
  if (!report.broken.empty()) out += "delivery is broken in a new run: " + report.broken + "\n";
  for (const std::string& note : report.notes) out += "note: " + note + "\n";
  return out + (is_worse(report) ? "WORSE\n" : "not worse\n");
}

std::string to_json(const CompareReport& report) {
  Json rows = Json::array();
  for (const CompareRow& row : report.rows) rows.push_back(row_json(row));
  const Json out{{"schema", "relaybench-compare/1"},
                 {"base_runs", report.base_runs},
                 {"new_runs", report.fresh_runs},
                 {"tolerance", report.tolerance},
                 {"rows", std::move(rows)},
                 {"broken", report.broken},
                 {"notes", report.notes},
                 {"worse", is_worse(report)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace relay::bench
