#include "verbs/check_stored.hpp"

#include <algorithm>

#include "backlog_faults.hpp"
#include "check_report.hpp"
#include "cli/human.hpp"
#include "redis_info.hpp"
#include "stored_instances.hpp"

namespace relay::ctl {
namespace {

constexpr double kSlowMs = 100;
constexpr double kStuckMs = 1'000;
constexpr double kDead = 1;  // instances

// A bound in milliseconds ("100ms"), or a bare number.
Outcome<double> bound(const Context& context, std::string_view flag, double otherwise, bool is_time) {
  if (!is_time) {
    const auto count = context.arguments.count(flag, static_cast<std::int64_t>(otherwise), 0, INT64_MAX);
    if (!count) return count.error();
    return static_cast<double>(*count);
  }
  const auto time = context.arguments.duration(flag, Milliseconds(static_cast<std::int64_t>(otherwise)));
  if (!time) return time.error();
  return static_cast<double>(time->count());
}

// The question "is the store well" has an answer when it is away: no.
int report_away(const Context& context, const std::string& name, const Failure& failure) {
  if (failure.exit != exit_code::kUnavailable) return report_unknown(context, name, failure);
  return report(
      context, {name, Health::kCritical, failure.what + (failure.why.empty() ? "" : ": " + failure.why), {}});
}

Outcome<Check> storage(Context& context) {
  const auto warn = bound(context, "--warn", kSlowMs, true);
  if (!warn) return warn.error();
  const auto crit = bound(context, "--crit", kStuckMs, true);
  if (!crit) return crit.error();
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto infos = read_info(**stored);
  if (!infos) return infos.error();
  Check check{"storage",
              Health::kOk,
              counted(static_cast<std::int64_t>(infos->size()), "server") +
                  (infos->size() == 1 ? " answers" : " answer"),
              {}};
  Check::Value trip{"round_trip_ms", 0, *warn, *crit};
  Check::Value evicted{"evicted_keys", 0, {}, {}};
  for (const NodeInfo& info : *infos) {
    trip.value = std::max(trip.value, info.round_trip_ms);
    evicted.value += static_cast<double>(info.number("evicted_keys"));
  }
  if (evicted.value > 0) {
    check.health = Health::kWarning;
    check.message += "; keys were evicted for want of memory";
  }
  check.health = judged(check.health, trip);
  check.values = {trip, evicted};
  return check;
}

Outcome<Check> instances(Context& context) {
  const auto warn = bound(context, "--warn", kDead, false);
  if (!warn) return warn.error();
  const auto crit = bound(context, "--crit", 0, false);
  if (!crit) return crit.error();
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto all = read_instances(**stored);
  if (!all) return all.error();
  const Milliseconds dead_after = (*stored)->options().instance.dead_after;
  Check::Value alive{"instances_alive", 0, {}, {}};
  Check::Value dead{"instances_dead", 0, *warn, {}};
  if (context.arguments.has("--crit")) dead.crit = *crit;
  std::string who;
  for (const StoredInstance& one : *all) {
    const bool lives = one.silent_ms < dead_after.count();
    ++(lives ? alive : dead).value;
    if (!lives)
      who += (who.empty() ? ": " : ", ") + one.status.id + " silent for " + human_duration(one.silent_ms);
  }
  Check check{"instances",
              Health::kOk,
              grouped(static_cast<std::int64_t>(alive.value)) + " alive, " +
                  grouped(static_cast<std::int64_t>(dead.value)) + " dead" + who,
              {}};
  if (alive.value == 0) check.health = Health::kCritical;
  check.health = judged(check.health, dead);
  check.values = {alive, dead};
  return check;
}

Outcome<Check> backlog(Context& context) {
  const auto warn = bound(context, "--warn", 0, false);
  if (!warn) return warn.error();
  const auto crit = bound(context, "--crit", 1, false);
  if (!crit) return crit.error();
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto names = find_channels(**stored, context.arguments.text_or("--pattern", ""));
  if (!names) return names.error();
  Check::Value faults{"backlog_faults", 0, {}, *crit};
  if (context.arguments.has("--warn")) faults.warn = *warn;
  std::string first;
  for (const LogName& name : *names) {
    const auto found = find_faults(**stored, name);
    if (!found) return found.error();
    for (const Fault& fault : *found) {
      if (!fault.is_wrong()) continue;
      ++faults.value;
      if (first.empty()) first = "; " + fault.channel + ": " + fault.says;
    }
  }
  Check check{"backlog",
              Health::kOk,
              counted(static_cast<std::int64_t>(names->size()), "channel") + ", " +
                  counted(static_cast<std::int64_t>(faults.value), "fault") + first,
              {}};
  check.health = judged(check.health, faults);
  check.values = {{"backlog_channels", static_cast<double>(names->size()), {}, {}}, faults};
  return check;
}

int run_check(Context& context, const std::string& name, Outcome<Check> (*ask)(Context&)) {
  const auto check = ask(context);
  return check ? report(context, *check) : report_away(context, name, check.error());
}

}  // namespace

Form check_storage_form() {
  return {.flags = check_flags(),
          .text =
              "Critical when the store does not answer; a warning when it evicted keys. --warn and --crit "
              "are times of a\n"
              "round trip to the slowest server (100ms, 1s).\n",
          .examples = {{"relayctl check storage --format nagios --warn 20ms --crit 200ms", "for a monitor"}},
          .columns = check_columns()};
}
int check_storage(Context& context) {
  return run_check(context, "storage", storage);
}

Form check_instances_form() {
  return {.flags = check_flags(),
          .text = "Critical when no instance lives. --warn and --crit are numbers of dead ones (1; none).\n",
          .columns = check_columns()};
}
int check_instances(Context& context) {
  return run_check(context, "instances", instances);
}

Form check_backlog_form() {
  Form form{.flags = check_flags(),
            .text =
                "Reads every message, as \"backlog verify\" does. --warn and --crit are numbers of faults "
                "(none; 1).\n",
            .columns = check_columns()};
  form.flags.push_back({"--pattern", "GLOB", "only channels whose name it matches"});
  return form;
}
int check_backlog(Context& context) {
  return run_check(context, "backlog", backlog);
}

}  // namespace relay::ctl
