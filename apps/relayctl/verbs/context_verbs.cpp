#include "verbs/context_verbs.hpp"

#include <algorithm>

#include "context.hpp"
#include "profiles.hpp"

namespace relay::ctl {
namespace {

constexpr std::string_view kDescription = "--description";

// "token-file" as a JSON key.
std::string json_key(std::string_view flag) {
  std::string key(flag.substr(flag.find_first_not_of('-')));
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

std::vector<Column> profile_columns() {
  return {
      {"context", "CONTEXT", Kind::kText, Show::kAlways, "its name"},
      {"selected", "SELECTED", Kind::kBool, Show::kAlways, "whether it is the one used without --context"},
      {"server", "SERVER", Kind::kText, Show::kAlways, "relayd"},
      {"redis", "REDIS", Kind::kText, Show::kAlways, "the store"},
      {"prefix", "PREFIX", Kind::kText, Show::kWide, "of the keys there"},
      {"token_file", "TOKEN FILE", Kind::kText, Show::kWide, "with the operator token"},
      {"config", "CONFIG", Kind::kText, Show::kWide, "relayd's settings"},
      {"cacert", "CACERT", Kind::kText, Show::kWide, "for rediss://"},
      {"cert", "CERT", Kind::kText, Show::kWide, "for rediss://"},
      {"key", "KEY", Kind::kText, Show::kWide, "for rediss://"},
      {"description", "DESCRIPTION", Kind::kText, Show::kAlways, "in your words"}};
}

Json row_of(const std::string& name, const Profile& profile, bool selected) {
  Json row = {{"context", name}, {"selected", selected}};
  for (const std::string_view flag : profile_flags()) {
    const auto value = profile.find(std::string(flag.substr(2)));
    row[json_key(flag)] = value == profile.end() || value->second.empty() ? Json() : Json(value->second);
  }
  const auto description = profile.find("description");
  row["description"] = description == profile.end() ? Json() : Json(description->second);
  return row;
}

std::optional<Failure> bad_name(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 64 && name != "-" &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                    });
  if (good) return {};
  return usage("\"" + name + "\" is no name for a context", "letters, digits, '.', '-' and '_', at most 64");
}

// The flags of the line, over what the profile had.
Profile with_flags(Profile profile, const Arguments& arguments) {
  for (const std::string_view flag : profile_flags()) {
    if (arguments.has(flag)) profile[std::string(flag.substr(2))] = arguments.text(flag);
  }
  if (arguments.has(kDescription)) profile["description"] = arguments.text(kDescription);
  return profile;
}

int save(Context& context, const Profiles& profiles, const std::string& said) {
  if (context.console.dry_run()) {
    context.console.say("would: " + said);
    return exit_code::kOk;
  }
  if (const auto saved = profiles.save(); !saved) return context.fail(saved.error());
  context.console.say(said);
  return exit_code::kOk;
}

// add and edit: they differ in whether the name must be new.
int put(Context& context, bool fresh) {
  const std::string& name = context.arguments.text("NAME");
  if (auto bad = bad_name(name)) return context.fail(*bad);
  auto profiles = Profiles::load();
  if (!profiles) return context.fail(profiles.error());
  const bool known = profiles->all().contains(name);
  if (fresh && known)
    return context.fail(usage("there is a context \"" + name + "\" already",
                              "change it with: relayctl context edit " + name));
  Profile before;
  if (!fresh) {
    const auto found = profiles->find(name);
    if (!found) return context.fail(found.error());
    before = *found;
  }
  if (context.arguments.has("--server")) {
    if (const auto good = parse_server(context.arguments.text("--server")); !good)
      return context.fail(good.error());
  }
  profiles->put(name, with_flags(before, context.arguments));
  if (context.arguments.has("--select") || profiles->all().size() == 1) profiles->select(name);
  return save(context, *profiles, std::string(fresh ? "added " : "changed ") + name);
}

Form putting_form(std::string_view command, std::string_view does) {
  return {.arguments = {{"NAME", Arity::kOne, Words::kContext}},
          .flags = {{"--description", "TEXT", "what it is for"}, {"--select", "", "use it from now on"}},
          .text = "Takes --server, --token-file, --config, --redis, --prefix, --cacert, --cert and --key.\n",
          .examples = {{command, does}}};
}

}  // namespace

Form context_add_form() {
  return putting_form("relayctl context add prod -s 10.0.0.5:9103 --token-file ~/.relay-token",
                      "the first one is selected at once");
}
int context_add(Context& context) {
  return put(context, true);
}

Form context_edit_form() {
  return putting_form("relayctl context edit prod --redis redis://10.0.0.6", "the rest stays");
}
int context_edit(Context& context) {
  return put(context, false);
}

Form context_list_form() {
  return {.columns = profile_columns()};
}

int context_list(Context& context) {
  const auto profiles = Profiles::load();
  if (!profiles) return context.fail(profiles.error());
  std::vector<Json> rows;
  for (const auto& [name, profile] : profiles->all())
    rows.push_back(row_of(name, profile, name == profiles->current()));
  return context.finish(context.output.rows(context.columns(), std::move(rows)));
}

Form context_show_form() {
  return {.arguments = {{"NAME", Arity::kOptional, Words::kContext}},
          .text = "Without NAME the selected one.\n",
          .columns = profile_columns()};
}

int context_show(Context& context) {
  const auto profiles = Profiles::load();
  if (!profiles) return context.fail(profiles.error());
  const std::string name = context.arguments.text_or("NAME", profiles->current());
  if (name.empty())
    return context.fail({exit_code::kNo, "no context is selected", {}, "see: relayctl context list"});
  const auto profile = profiles->find(name);
  if (!profile) return context.fail(profile.error());
  return context.finish(
      context.output.record(context.columns(), row_of(name, *profile, name == profiles->current())));
}

Form context_select_form() {
  return {.arguments = {{"NAME", Arity::kOne, Words::kContext}},
          .text = "With - none is selected: the local relayd is asked again.\n"};
}

int context_select(Context& context) {
  const std::string& name = context.arguments.text("NAME");
  auto profiles = Profiles::load();
  if (!profiles) return context.fail(profiles.error());
  if (name != "-") {
    if (const auto found = profiles->find(name); !found) return context.fail(found.error());
  }
  profiles->select(name == "-" ? "" : name);
  return save(context, *profiles, name == "-" ? "no context is selected" : "selected " + name);
}

Form context_rm_form() {
  return {.arguments = {{"NAME", Arity::kOne, Words::kContext}}};
}

int context_rm(Context& context) {
  const std::string& name = context.arguments.text("NAME");
  auto profiles = Profiles::load();
  if (!profiles) return context.fail(profiles.error());
  if (const auto found = profiles->find(name); !found) return context.fail(found.error());
  const auto answer = context.console.ask("1 context goes: " + name, "Remove it?");
  if (!answer) return context.fail(answer.error());
  if (*answer != Answer::kYes) return *answer == Answer::kDryRun ? exit_code::kOk : exit_code::kNo;
  profiles->remove(name);
  return save(context, *profiles, "removed " + name);
}

Form context_copy_form() {
  return {.arguments = {{"NAME", Arity::kOne, Words::kContext}, {"COPY", Arity::kOne}}};
}

int context_copy(Context& context) {
  const std::string& copy = context.arguments.text("COPY");
  if (auto bad = bad_name(copy)) return context.fail(*bad);
  auto profiles = Profiles::load();
  if (!profiles) return context.fail(profiles.error());
  const auto profile = profiles->find(context.arguments.text("NAME"));
  if (!profile) return context.fail(profile.error());
  if (profiles->all().contains(copy))
    return context.fail(usage("there is a context \"" + copy + "\" already"));
  profiles->put(copy, *profile);
  return save(context, *profiles, "copied " + context.arguments.text("NAME") + " to " + copy);
}

Form context_export_form() {
  return {.arguments = {{"NAME", Arity::kOptional, Words::kContext}},
          .text = "Prints the command lines that make the contexts again, all of them without NAME.\n"};
}

int context_export(Context& context) {
  const auto profiles = Profiles::load();
  if (!profiles) return context.fail(profiles.error());
  if (context.arguments.has("NAME")) {
    if (const auto found = profiles->find(context.arguments.text("NAME")); !found)
      return context.fail(found.error());
  }
  const auto quoted = [](const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  };
  std::string out;
  for (const auto& [name, profile] : profiles->all()) {
    if (context.arguments.has("NAME") && context.arguments.text("NAME") != name) continue;
    out += "relayctl context add " + name;
    for (const auto& [key, value] : profile) {
      if (!value.empty()) out += " --" + key + " " + quoted(value);
    }
    out += "\n";
  }
  return context.finish(context.output.text(out));
}

}  // namespace relay::ctl
