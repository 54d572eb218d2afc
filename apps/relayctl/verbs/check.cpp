#include "verbs/check.hpp"

#include <algorithm>

#include "check_report.hpp"
#include "context.hpp"

namespace relay::ctl {
namespace {

Outcome<std::optional<double>> threshold(const Arguments& arguments, std::string_view flag) {
  if (!arguments.has(flag)) return std::optional<double>();
  const auto time = arguments.duration(flag, Milliseconds(0));
  if (!time) return time.error();
  return std::optional<double>(static_cast<double>(time->count()));
}

// /livez or /readyz as a Check; `member` of its parts is measured, and the greatest counts.
Outcome<Check> asked(Context& context, const std::string& name, const std::string& path,
                     const std::string& member) {
  const auto live = context.live();
  if (!live) return live.error();
  const std::string target = path + "?verbose";
  const auto reply = (*live)->exchange("GET", target);
  if (!reply) return reply.error();
  const Json json = Json::parse(reply->body, nullptr, false);
  if (!json.is_object() || !json.contains("checks"))
    return Failure{exit_code::kProtocol, (*live)->where() + " does not answer " + target + " like relayd"};
  const auto warn = threshold(context.arguments, "--warn");
  const auto crit = threshold(context.arguments, "--crit");
  if (!warn || !crit) return !warn ? warn.error() : crit.error();
  Check check{name, reply->status == 200 ? Health::kOk : Health::kCritical, json.value("status", "")};
  Check::Value worst{member, 0, *warn, *crit};
  for (const Json& part : json["checks"]) {
    if (part.contains(member) && part[member].is_number())
      worst.value = std::max(worst.value, part[member].get<double>());
    if (part.value("ok", true)) continue;
    check.message += "; " + part.value("name", "") +
                     (part.contains("node") ? " " + part.value("node", "") : "") +
                     (part.contains("reason") ? ": " + part.value("reason", "") : "");
  }
  check.health = judged(check.health, worst);
  check.values.push_back(std::move(worst));
  return check;
}

int run_check(Context& context, const std::string& name, const std::string& path, const std::string& member) {
  const auto check = asked(context, name, path, member);
  return check ? report(context, *check) : report_unknown(context, name, check.error());
}

}  // namespace

Form check_ready_form() {
  return {.flags = check_flags(),
          .text =
              "Critical while clients should not come: the store is away, streams are being filled, it "
              "drains. --warn and\n"
              "--crit are ages of the last proof of the store: 2s.\n",
          .examples = {{"relayctl check ready --format nagios", "for a monitor"}},
          .columns = check_columns()};
}

int check_ready(Context& context) {
  return run_check(context, "ready", "/readyz", "probe_age_ms");
}

Form check_live_form() {
  return {.flags = check_flags(),
          .text =
              "Critical while an event loop does not turn. --warn and --crit are times since the slowest "
              "loop turned: 500ms.\n",
          .columns = check_columns()};
}

int check_live(Context& context) {
  return run_check(context, "live", "/livez", "last_tick_ms_ago");
}

}  // namespace relay::ctl
