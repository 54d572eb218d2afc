#include "verbs/instances.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "cli/human.hpp"
#include "context.hpp"
#include "stored_instances.hpp"

namespace relay::ctl {
namespace {

constexpr std::string_view kPath = "/admin/v1/instances";

std::vector<Column> instance_columns() {
  return {{"instance", "INSTANCE", Kind::kText, Show::kAlways, "its id"},
          {"state", "STATE", Kind::kText, Show::kAlways, "alive, draining or dead"},
          {"silent_ms", "LAST SEEN", Kind::kDuration, Show::kAlways, "since its last heartbeat"},
          {"clients", "CLIENTS", Kind::kNumber, Show::kAlways, "by its last heartbeat"},
          {"published_per_second", "IN", Kind::kRate, Show::kAlways, "messages stored, likewise"},
          {"delivered_per_second", "OUT", Kind::kRate, Show::kAlways, "messages handed to clients, likewise"},
          {"version", "VERSION", Kind::kText, Show::kAlways, "of relayd"},
          {"host", "HOST", Kind::kText, Show::kWide, "it runs on"},
          {"started", "STARTED", Kind::kAgo, Show::kWide, "when"},
          {"loops", "LOOPS", Kind::kNumber, Show::kWide, "event loops"},
          {"here", "HERE", Kind::kBool, Show::kWide, "whether it is the one that was asked"}};
}

Outcome<std::vector<Json>> instances_of_store(const Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto instances = read_instances(**stored);
  if (!instances) return instances.error();
  std::vector<Json> rows;
  for (const StoredInstance& one : *instances)
    rows.push_back(instance_row(one, (*stored)->options().instance.dead_after));
  return rows;
}

// Of the relayd that is meant; of the store where none answers, or where the store is what was named.
Outcome<std::vector<Json>> all_instances(Context& context) {
  if (context.arguments.has("--redis") && !context.arguments.has("--server"))
    return instances_of_store(context);
  const auto live = context.live();
  if (live) return (*live)->list(std::string(kPath), "instances");
  if (live.error().exit != exit_code::kUnavailable) return live.error();
  auto rows = instances_of_store(context);
  return rows ? std::move(rows) : Outcome<std::vector<Json>>(live.error());
}

std::vector<Json>::const_iterator find_instance(const std::vector<Json>& rows, const std::string& id) {
  return std::find_if(rows.begin(), rows.end(),
                      [&](const Json& row) { return row.value("instance", "") == id; });
}

Failure no_instance(const std::string& id) {
  return {exit_code::kNo, "there is no instance \"" + id + "\"", {}, "see: relayctl instances list"};
}

// drain and undrain: one POST to whichever relayd was asked, which passes it on to the one that is meant.
int change_rotation(Context& context, const std::string& verb, const Json& body) {
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const auto done = (*live)->post(
      std::string(kPath) + "/" + percent_encode(context.arguments.text("INSTANCE")) + "/" + verb, body);
  if (!done) {
    Failure failure = done.error();
    if (failure.exit == exit_code::kNo) failure.fix = "see: relayctl instances list";
    return context.fail(failure);
  }
  return context.finish(context.output.record(context.columns(), *done));
}

std::vector<Column> rotation_columns() {
  return {{"instance", "INSTANCE", Kind::kText, Show::kAlways, "its id"},
          {"draining", "DRAINING", Kind::kBool, Show::kAlways, "whether it is out of rotation"},
          {"clients", "CLIENTS", Kind::kNumber, Show::kAlways, "connected to it now"}};
}

}  // namespace

Form instances_list_form() {
  return {.flags = {{"--dead", "", "only those whose heartbeat has stopped"}},
          .text = "Read from the store itself where no relayd answers, or with --redis.\n",
          .examples = {{"relayctl instances list", "who lives"},
                       {"relayctl instances list --dead -o name", "who has died and left entries behind"}},
          .columns = instance_columns()};
}

int instances_list(Context& context) {
  auto rows = all_instances(context);
  if (!rows) return context.fail(rows.error());
  if (context.arguments.has("--dead"))
    std::erase_if(*rows, [](const Json& row) { return row.value("state", "") != "dead"; });
  return context.finish(context.output.rows(context.columns(), std::move(*rows)));
}

Form instances_get_form() {
  return {.arguments = {{"INSTANCE", Arity::kOne, Words::kInstance}}, .columns = instance_columns()};
}

int instances_get(Context& context) {
  const std::string& id = context.arguments.text("INSTANCE");
  const auto rows = all_instances(context);
  if (!rows) return context.fail(rows.error());
  const auto found = find_instance(*rows, id);
  if (found == rows->end()) return context.fail(no_instance(id));
  return context.finish(context.output.record(context.columns(), *found));
}

Form instances_drain_form() {
  return {.arguments = {{"INSTANCE", Arity::kOne, Words::kInstance}},
          .flags = {{"--spread", "TIME", "send its clients away evenly over this time (drain.spread)"}},
          .text =
              "Readiness says no, so balancers send nobody; streams and sockets are ended over the time "
              "given, and\n"
              "those who come all the same are sent on. The process stays, and undrain puts it back. Any "
              "instance of "
              "the\n"
              "same store may be named; the answer comes when it has obeyed.\n",
          .examples = {{"relayctl instances drain edge-1 --spread 60s", "gently"},
                       {"relayctl wait drained --for 2m", "until nobody is left"}},
          .columns = rotation_columns()};
}

int instances_drain(Context& context) {
  const auto spread = context.arguments.duration("--spread", Milliseconds(-1));
  if (!spread) return context.fail(spread.error());
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const std::string& id = context.arguments.text("INSTANCE");
  const auto rows = (*live)->list(std::string(kPath), "instances");
  if (!rows) return context.fail(rows.error());
  const auto it = find_instance(*rows, id);
  if (it == rows->end()) {
    // Without the store this relayd lists itself alone: then let the order say why it cannot be given.
    const auto listing = (*live)->get(std::string(kPath));
    if (!listing) return context.fail(listing.error());
    if (listing->value("complete", true)) return context.fail(no_instance(id));
  }
  const std::string clients =
      it == rows->end() ? "its clients" : counted(it->value("clients", std::int64_t{0}), "client") + " of it";
  const auto answer =
      context.console.ask(id + " goes out of rotation; " + clients + " will be sent away", "Drain it?");
  if (!answer) return context.fail(answer.error());
  if (*answer != Answer::kYes) return *answer == Answer::kDryRun ? exit_code::kOk : exit_code::kNo;
  return change_rotation(context, "drain",
                         spread->count() < 0 ? Json::object() : Json{{"spread_ms", spread->count()}});
}

Form instances_undrain_form() {
  return {.arguments = {{"INSTANCE", Arity::kOne, Words::kInstance}}, .columns = rotation_columns()};
}

int instances_undrain(Context& context) {
  if (context.console.dry_run()) {
    context.console.say(context.arguments.text("INSTANCE") + " goes back into rotation");
    return exit_code::kOk;
  }
  return change_rotation(context, "undrain", Json::object());
}

}  // namespace relay::ctl
