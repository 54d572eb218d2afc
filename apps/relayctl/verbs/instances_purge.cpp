#include "verbs/instances_purge.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/human.hpp"
#include "stored_instances.hpp"

namespace relay::ctl {
namespace {

// Those that were named, or all that are dead.
Outcome<std::vector<StoredInstance>> to_purge(const Context& context, std::vector<StoredInstance> all,
                                              Milliseconds grace) {
  const auto is_dead = [&](const StoredInstance& one) { return one.silent_ms >= grace.count(); };
  if (context.arguments.has("--dead")) {
    std::erase_if(all, [&](const StoredInstance& one) { return !is_dead(one); });
    return all;
  }
  std::vector<StoredInstance> chosen;
  for (const std::string& id : context.arguments.all("INSTANCE")) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const StoredInstance& one) { return one.status.id == id; });
    if (found == all.end())
      return Failure{exit_code::kNo,
                     "there is no instance \"" + id + "\" in the registry",
                     {},
                     "see: relayctl instances list"};
    if (!is_dead(*found)) {
      return Failure{exit_code::kNo, "instance \"" + id + "\" lives",
                     "it was heard " + human_duration(found->silent_ms) + " ago, and --grace is " +
                         human_duration(grace.count()),
                     "stop it first; it removes itself when it ends"};
    }
    chosen.push_back(*found);
  }
  return chosen;
}

std::string plan_of(const std::vector<StoredInstance>& dead, Milliseconds grace) {
  const bool one = dead.size() == 1;
  std::string plan = std::to_string(dead.size()) + (one ? " instance is" : " instances are") +
                     " dead (no heartbeat for more than " + human_duration(grace.count()) + "):\n";
  for (const StoredInstance& it : dead) {
    plan += "  " + repair_utf8(it.status.id) + "  last seen " + human_duration(it.silent_ms) + " ago, " +
            grouped(static_cast<std::int64_t>(it.entries)) +
            (it.entries == 1 ? " entry of its clients\n" : " entries of its clients\n");
  }
  return plan + "Messages in backlogs are kept.";
}

Json row_of(const std::string& id, std::int64_t silent_ms, std::uint64_t entries, std::string_view result) {
  return {{"instance", repair_utf8(id)}, {"silent_ms", silent_ms}, {"entries", entries}, {"result", result}};
}

std::string_view result_of(const redis::Purged& purged) {
  return purged.revived ? "alive again" : purged.complete ? "removed" : "begun";
}

Outcome<void> purge(Context& context) {
  if (context.arguments.has("INSTANCE") == context.arguments.has("--dead")) {
    return usage("instances purge needs either instances or --dead", "see: relayctl instances purge -h");
  }
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto grace = context.arguments.duration("--grace", (*stored)->options().instance.dead_after);
  if (!grace) return grace.error();
  auto all = read_instances(**stored);
  if (!all) return all.error();
  const auto dead = to_purge(context, std::move(*all), *grace);
  if (!dead) return dead.error();
  if (dead->empty()) {
    context.console.say("no instance is dead");
    return context.output.rows(context.columns(), {});
  }
  std::uint64_t entries = 0;
  for (const StoredInstance& one : *dead) entries += one.entries;
  const auto answer = context.console.ask(
      plan_of(*dead, *grace), "Remove " + std::string(dead->size() == 1 ? "it" : "them") + " and " +
                                  grouped(static_cast<std::int64_t>(entries)) + " entries?");
  if (!answer) return answer.error();
  if (*answer == Answer::kNo) return {};
  std::vector<Json> rows;
  if (*answer == Answer::kDryRun) {
    for (const StoredInstance& one : *dead)
      rows.push_back(row_of(one.status.id, one.silent_ms, one.entries, "would be removed"));
    return context.output.rows(context.columns(), std::move(rows));
  }
  std::vector<std::string> only;
  for (const StoredInstance& one : *dead) only.push_back(one.status.id);
  const auto report = purge_instances(**stored, std::move(only), *grace);
  if (!report) return report.error();
  for (const redis::Purged& purged : report->instances)
    rows.push_back(row_of(purged.instance, purged.silent_ms, purged.entries, result_of(purged)));
  if (const auto shown = context.output.rows(context.columns(), std::move(rows)); !shown)
    return shown.error();
  if (report->failure) return failure_of(*report->failure, "the purge broke off");
  if (report->elsewhere) {
    return Failure{exit_code::kTryAgain, "another purge is under way",
                   "a living instance, or somebody else with relayctl",
                   "try again in ten seconds: it may have removed them"};
  }
  return {};
}

}  // namespace

Form instances_purge_form() {
  return {.arguments = {{"INSTANCE", Arity::kAny, Words::kInstance}},
          .flags = {{"--dead", "", "all whose heartbeat has stopped"},
                    {"--grace", "TIME", "how long an instance must have been silent (instance.dead_after)"}},
          .text =
              "Removes instances and what they left: their entries in the lists of who is present. Each step "
              "looks at the\n"
              "heartbeat again, so that one that lives again is spared. Living instances do the same by "
              "themselves.\n",
          .examples = {{"relayctl instances purge --dead --dry-run", "see who would go"}},
          .columns = {{"instance", "INSTANCE", Kind::kText, Show::kAlways, "its id"},
                      {"silent_ms", "LAST SEEN", Kind::kDuration, Show::kAlways, "since its last heartbeat"},
                      {"entries", "ENTRIES", Kind::kNumber, Show::kAlways,
                       "of its clients, removed or to be removed"},
                      {"result", "RESULT", Kind::kText, Show::kAlways,
                       "removed, alive again, begun (not finished), would be removed"}}};
}
int instances_purge(Context& context) {
  return context.finish(purge(context));
}

}  // namespace relay::ctl
