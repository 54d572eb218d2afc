#include "verbs/config.hpp"

#include <algorithm>

#include "cli/render.hpp"
#include "context.hpp"
#include "options/environment.hpp"
#include "options/table.hpp"

namespace relay::ctl {
namespace {

std::vector<Column> option_columns() {
  return {{"key", "KEY", Kind::kText, Show::kAlways, "as in relayd.toml(5)"},
          {"value", "VALUE", Kind::kList, Show::kAlways, "in effect; *** for secrets"},
          {"origin", "ORIGIN", Kind::kText, Show::kWide,
           "default, a file with its line, a variable, a flag, or relayctl config set"},
          {"reload", "RELOAD", Kind::kText, Show::kWide, "what a change takes: at_once or restart"}};
}

std::vector<Column> change_columns() {
  return {{"applied", "APPLIED", Kind::kList, Show::kAlways, "keys that have a new value now"},
          {"needs_restart", "NEEDS RESTART", Kind::kList, Show::kAlways,
           "keys that changed in the files and wait for a restart"}};
}

Outcome<std::vector<Json>> options_of(Context& context) {
  const auto live = context.live();
  if (!live) return live.error();
  const auto config = (*live)->get("/admin/v1/config");
  if (!config) return config.error();
  std::vector<Json> rows;
  for (const Json& row : config->value("options", Json::array())) rows.push_back(row);
  return rows;
}

Failure unknown_key(const std::string& key) {
  const auto near = options::nearest(key, options::all_keys());
  return {exit_code::kNo,
          "there is no option \"" + key + "\"",
          {},
          (near ? "did you mean \"" + *near + "\"?  " : "") + std::string("see: man relayd.toml")};
}

Json explained(const options::Row& row, const std::string& key) {
  using namespace options;
  const Options defaults;
  const auto bound = [&](std::int64_t number) {
    if (row.type == Type::kDuration) return format_duration(Milliseconds(number));
    return row.type == Type::kBytes ? format_bytes(number) : std::to_string(number);
  };
  const bool numeric = row.type == Type::kCount || row.type == Type::kBytes || row.type == Type::kDuration;
  std::vector<std::string> aliases;
  for (const Alias& alias : row.aliases) aliases.emplace_back(alias.name);
  return {{"key", key},
          {"help", row.help},
          {"type", type_name(row.type)},
          {"default", toml_value(row, options::get(row, defaults))},
          {"choices", std::vector<std::string>(row.choices.begin(), row.choices.end())},
          {"min", numeric ? Json(bound(row.min)) : Json()},
          {"max", numeric ? Json(bound(row.max)) : Json()},
          {"reload", row.reload == Reload::kAtOnce ? "at_once" : "restart"},
          {"secret", row.secrecy == Secrecy::kSecret},
          {"variable", variable_of(key)},
          {"aliases", aliases},
          {"example", row.example.empty() ? Json() : Json(row.example)}};
}

}  // namespace

Form config_check_form() {
  return {.arguments = {{"FILE", Arity::kOptional, Words::kFile}},
          .text =
              "Reads the settings as relayd would, from FILE or --config or /etc/relayd/relayd.toml, and "
              "says all that\n"
              "is wrong with them. relayd --check=full also tries certificates, addresses and the store.\n",
          .examples = {{"relayctl config check /etc/relayd/relayd.toml", "before a reload"}},
          .columns = {{"valid", "VALID", Kind::kBool, Show::kAlways, "whether relayd would start with them"},
                      {"files", "FILES", Kind::kList, Show::kAlways, "that were read"},
                      {"warnings", "WARNINGS", Kind::kList, Show::kAlways, "that relayd would log"}}};
}

int config_check(Context& context) {
  Arguments arguments = context.arguments;
  if (arguments.has("FILE")) arguments.add("--config", arguments.text("FILE"));
  const auto loaded = relayd_settings(arguments);
  if (!loaded) {
    Failure failure = loaded.error();
    failure.what = "the settings are not right";
    failure.fix.clear();
    return context.fail(failure);
  }
  return context.finish(context.output.record(
      context.columns(), {{"valid", true}, {"files", loaded->files}, {"warnings", loaded->warnings}}));
}

Form config_show_form() {
  return {.flags = {{"--origin", "", "also where each value is from"},
                    {"--changed", "", "only what is not at its default"}},
          .examples = {{"relayctl config show --origin --changed", "what was set, and where"}},
          .columns = option_columns()};
}

int config_show(Context& context) {
  auto rows = options_of(context);
  if (!rows) return context.fail(rows.error());
  if (context.arguments.has("--changed"))
    std::erase_if(*rows, [](const Json& row) { return row.value("origin", "") == "default"; });
  std::vector<Column> columns = context.columns();
  if (context.arguments.has("--origin")) {
    for (Column& column : columns) column.show = column.key == "origin" ? Show::kAlways : column.show;
  }
  return context.finish(context.output.rows(columns, std::move(*rows)));
}

Form config_get_form() {
  return {.arguments = {{"KEY", Arity::kOne, Words::kOption}},
          .text = "Prints the value alone; -o wide and the other formats tell more.\n",
          .examples = {{"relayctl config get sse.heartbeat", "the value in effect"}},
          .columns = option_columns()};
}

int config_get(Context& context) {
  const auto rows = options_of(context);
  if (!rows) return context.fail(rows.error());
  const std::string& key = context.arguments.text("KEY");
  const auto found =
      std::find_if(rows->begin(), rows->end(), [&](const Json& row) { return row.value("key", "") == key; });
  if (found == rows->end()) return context.fail(unknown_key(key));
  if (context.output.format() != Format::kTable)
    return context.finish(context.output.record(context.columns(), *found));
  const Column value{"value", "VALUE", Kind::kList};
  return context.finish(context.output.text(shown(value, (*found)["value"]) + "\n"));
}

Form config_set_form() {
  return {.arguments = {{"KEY", Arity::kOne, Words::kOption}, {"VALUE", Arity::kOne}},
          .text =
              "Until the process ends, also over reloads; nothing is written to a file. Only what a reload "
              "may change\n"
              "can be set: relayctl config explain KEY tells.\n",
          .examples = {{"relayctl config set client.max_queue_bytes 4MiB", "for this evening"}},
          .columns = change_columns()};
}

int config_set(Context& context) {
  const std::string& key = context.arguments.text("KEY");
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  if (context.console.dry_run()) {
    const auto match = options::find_key(key);
    if (!match) return context.fail(unknown_key(key));
    const auto value = options::parse_value(*match->row, context.arguments.text("VALUE"));
    if (!value) return context.fail(usage(key + ": " + value.error().message));
    context.console.say(key + " would become " + options::masked_value(*match->row, *value));
    return exit_code::kOk;
  }
  const auto changes =
      (*live)->post("/admin/v1/config/set", {{"key", key}, {"value", context.arguments.text("VALUE")}});
  if (!changes) return context.fail(changes.error());
  return context.finish(context.output.record(context.columns(), *changes));
}

Form config_reload_form() {
  return {.text =
              "As systemctl reload relayd, and says what came of it. A file that is wrong changes nothing "
              "(78).\n",
          .columns = change_columns()};
}

int config_reload(Context& context) {
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  if (context.console.dry_run()) {
    context.console.say(
        "the settings would be read again; relayctl config check tells whether they are right");
    return exit_code::kOk;
  }
  const auto changes = (*live)->post("/admin/v1/config/reload");
  if (!changes) {
    Failure failure = changes.error();
    if (failure.exit == exit_code::kUsage)
      failure = {exit_code::kConfig, "reload failed, nothing was changed", failure.what,
                 "mend the file, then reload again"};
    return context.fail(failure);
  }
  return context.finish(context.output.record(context.columns(), *changes));
}

Form config_explain_form() {
  return {
      .arguments = {{"KEY", Arity::kOne, Words::kOption}},
      .examples = {{"relayctl config explain redis.url", "what it is, and how to set it"}},
      .columns = {
          {"key", "KEY", Kind::kText, Show::kAlways, "as in relayd.toml(5)"},
          {"help", "WHAT", Kind::kText, Show::kAlways, "what it does"},
          {"type", "TYPE", Kind::kText, Show::kAlways,
           "string, choice, boolean, number, size, duration or list"},
          {"default", "DEFAULT", Kind::kText, Show::kAlways, "as TOML writes it"},
          {"choices", "CHOICES", Kind::kList, Show::kAlways, "of a choice"},
          {"min", "LEAST", Kind::kText, Show::kAlways, "of numbers, sizes and durations"},
          {"max", "MOST", Kind::kText, Show::kAlways, "likewise"},
          {"reload", "RELOAD", Kind::kText, Show::kAlways, "at_once or restart"},
          {"secret", "SECRET", Kind::kBool, Show::kAlways, "whether KEY_file names a file that holds it"},
          {"variable", "VARIABLE", Kind::kText, Show::kAlways, "of the environment"},
          {"aliases", "ALIASES", Kind::kList, Show::kAlways, "variables of other systems that set it too"},
          {"example", "EXAMPLE", Kind::kText, Show::kAlways, "of a value, where the default is empty"}}};
}

int config_explain(Context& context) {
  const std::string& key = context.arguments.text("KEY");
  const auto match = options::find_key(key);
  if (!match) return context.fail(unknown_key(key));
  return context.finish(context.output.record(context.columns(), explained(*match->row, match->key)));
}

Form log_level_form() {
  return {
      .arguments = {{"LEVEL", Arity::kOptional, Words::kChoice, {"debug", "info", "warning", "error"}}},
      .flags = {{"--for", "TIME", "then back to what it was"}},
      .text = "Without LEVEL it only tells. A reload puts the level of the settings back.\n",
      .examples = {{"relayctl log level debug --for 10m", "look closer for ten minutes"}},
      .columns = {{"level", "LEVEL", Kind::kText, Show::kAlways, "in effect"},
                  {"configured", "CONFIGURED", Kind::kText, Show::kAlways, "by log.level"},
                  {"falls_back_ms", "FALLS BACK IN", Kind::kDuration, Show::kAlways, "the rest of --for"}}};
}

int log_level(Context& context) {
  const auto time = context.arguments.duration("--for", Milliseconds(-1));
  if (!time) return context.fail(time.error());
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  Outcome<Json> answer = Json();
  if (!context.arguments.has("LEVEL")) {
    answer = (*live)->get("/admin/v1/log");
  } else if (context.console.dry_run()) {
    context.console.say("the log level would become " + context.arguments.text("LEVEL"));
    return exit_code::kOk;
  } else {
    answer = (*live)->post("/admin/v1/log", {{"level", context.arguments.text("LEVEL")},
                                             {"for_ms", time->count() < 0 ? Json() : Json(time->count())}});
  }
  if (!answer) return context.fail(answer.error());
  return context.finish(context.output.record(context.columns(), *answer));
}

}  // namespace relay::ctl
