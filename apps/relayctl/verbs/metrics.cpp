#include "verbs/metrics.hpp"

#include <fnmatch.h>

#include <map>

#include "base/bytes.hpp"
#include "context.hpp"

namespace relay::ctl {
namespace {

struct Family {
  std::string type;
  std::string help;
};

// The family of "x_bucket", "x_sum" and "x_count" is x.
const Family& family_of(const std::map<std::string, Family>& families, const std::string& name) {
  static const Family kNone;
  for (const std::string_view suffix : {"", "_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const auto found = families.find(name.substr(0, name.size() - suffix.size()));
    if (found != families.end()) return found->second;
  }
  return kNone;
}

Json number(std::string_view text) {
  const Json value = Json::parse(text, nullptr, false);
  return value.is_number() ? value : Json(text);  // NaN, +Inf
}

// The exposition format 0.0.4, a row per sample.
std::vector<Json> rows_of(std::string_view exposition) {
  std::map<std::string, Family> families;
  std::vector<Json> rows;
  for (const std::string_view line : split(exposition, '\n')) {
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) {
      const std::string_view rest = line.substr(7);
      const auto space = rest.find(' ');
      Family& family = families[std::string(rest.substr(0, space))];
      (line[2] == 'H' ? family.help : family.type) =
          space == rest.npos ? "" : std::string(rest.substr(space + 1));
      continue;
    }
    const auto space = line.rfind(' ');
    if (line.empty() || line.front() == '#' || space == line.npos) continue;
    const std::string_view series = line.substr(0, space);
    const auto brace = series.find('{');
    const std::string name(series.substr(0, brace));
    const std::string labels(brace == series.npos ? "" : series.substr(brace + 1, series.size() - brace - 2));
    const Family& family = family_of(families, name);
    rows.push_back({{"name", name},
                    {"labels", labels},
                    {"value", number(line.substr(space + 1))},
                    {"type", family.type},
                    {"help", family.help}});
  }
  return rows;
}

}  // namespace

Form metrics_form() {
  return {.arguments = {{"PATTERN", Arity::kOptional}},
          .flags = {{"--raw", "", "as Prometheus reads it"}},
          .examples = {{"relayctl metrics 'relayd_clients*'", "some of them"},
                       {"relayctl metrics --raw | promtool check metrics", "all, as they are"}},
          .columns = {{"name", "NAME", Kind::kText, Show::kAlways, "of the metric"},
                      {"labels", "LABELS", Kind::kText, Show::kAlways, "as Prometheus writes them"},
                      {"value", "VALUE", Kind::kText, Show::kAlways, "now"},
                      {"type", "TYPE", Kind::kText, Show::kWide, "counter, gauge, histogram or untyped"},
                      {"help", "HELP", Kind::kText, Show::kWide, "what it is"}}};
}

int metrics(Context& context) {
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const auto reply = (*live)->exchange("GET", "/metrics");
  if (!reply) return context.fail(reply.error());
  if (reply->status != 200) return context.fail((*live)->refusal(*reply, "/metrics"));
  if (context.arguments.has("--raw")) return context.finish(context.output.text(reply->body));
  std::vector<Json> rows = rows_of(reply->body);
  if (context.arguments.has("PATTERN")) {
    const std::string& pattern = context.arguments.text("PATTERN");
    std::erase_if(rows, [&](const Json& row) {
      return ::fnmatch(pattern.c_str(), row.value("name", "").c_str(), 0) != 0;
    });
    if (rows.empty()) return context.fail({exit_code::kNo, "no metric is like \"" + pattern + "\""});
  }
  return context.finish(context.output.rows(context.columns(), std::move(rows)));
}

}  // namespace relay::ctl
