#include "verbs/clients.hpp"

#include "base/bytes.hpp"
#include "cli/human.hpp"
#include "context.hpp"

namespace relay::ctl {
namespace {

constexpr std::string_view kPath = "/admin/v1/clients";

std::vector<Flag> selecting_flags() {
  return {{"--channel", "CHANNEL", "only those who listen to it", Words::kChannel},
          {"--ip", "RANGE", "only from this address or CIDR range"},
          {"--slow", "", "only those who do not read as fast as they are sent to"}};
}

bool selects(const Arguments& arguments) {
  return arguments.has("--channel") || arguments.has("--ip") || arguments.has("--slow");
}

Outcome<std::vector<Json>> list_of(Context& context) {
  const auto live = context.live();
  if (!live) return live.error();
  const Arguments& arguments = context.arguments;
  return (*live)->list(std::string(kPath) + query_of({{"channel", arguments.text_or("--channel", "")},
                                                      {"ip", arguments.text_or("--ip", "")},
                                                      {"slow", arguments.has("--slow") ? "true" : ""}}),
                       "clients");
}

std::vector<Column> client_columns() {
  return {{"client", "CLIENT", Kind::kText, Show::kAlways, "its id: INSTANCE.LOOP.NUMBER"},
          {"transport", "TRANSPORT", Kind::kText, Show::kAlways, "sse or websocket"},
          {"address", "ADDRESS", Kind::kText, Show::kAlways,
           "its peer: a proxy's own behind one; unix for a Unix socket"},
          {"since", "SINCE", Kind::kTime, Show::kWide, "connected at"},
          {"age_ms", "AGE", Kind::kDuration, Show::kAlways, "connected for"},
          {"channels", "CHANNELS", Kind::kNumber, Show::kAlways, "how many it listens to"},
          {"queued_bytes", "QUEUED", Kind::kBytes, Show::kAlways, "sent to it and not yet taken"},
          {"slow", "SLOW", Kind::kBool, Show::kAlways, "whether so much waits that a replay would pause"}};
}

// Those of `ids` that are connected, so that what is asked about is what will happen. The others are told.
Outcome<std::vector<std::string>> connected_among(Context& context, const std::vector<std::string>& ids) {
  const auto live = context.live();
  if (!live) return live.error();
  std::vector<std::string> connected;
  for (const std::string& id : ids) {
    const auto client = (*live)->get(std::string(kPath) + "/" + percent_encode(id));
    if (!client && client.error().exit != exit_code::kNo) return client.error();
    if (client) connected.push_back(id);
    if (!client) context.console.say(id + ": " + client.error().what);
  }
  return connected;
}

// Those to kick: named, or selected by flags.
Outcome<std::vector<std::string>> chosen_clients(Context& context) {
  std::vector<std::string> ids = context.arguments.all("CLIENT");
  if (ids.empty() == !selects(context.arguments)) {
    return usage("clients kick needs client ids, or --channel, --ip or --slow, and not both",
                 "see: relayctl clients kick -h");
  }
  if (!ids.empty()) return connected_among(context, ids);
  const auto rows = list_of(context);
  if (!rows) return rows.error();
  for (const Json& row : *rows) ids.push_back(row.value("client", ""));
  return ids;
}

}  // namespace

Form clients_list_form() {
  return {
      .flags = selecting_flags(),
      .text =
          "Lists the streams and sockets of the instance asked. Long polls come and go and are not listed.\n",
      .examples = {{"relayctl clients list --slow", "who does not keep up"},
                   {"relayctl clients list --channel news --ip 10.0.0.0/8",
                    "listeners of a channel from inside"}},
      .columns = client_columns()};
}

int clients_list(Context& context) {
  auto rows = list_of(context);
  if (!rows) return context.fail(rows.error());
  return context.finish(context.output.rows(context.columns(), std::move(*rows)));
}

Form clients_get_form() {
  std::vector<Column> columns = client_columns();
  columns.push_back(
      {"channel_names", "NAMES", Kind::kList, Show::kAlways, "what it listens to, at most 1,000"});
  return {.arguments = {{"CLIENT", Arity::kOne, Words::kClient}}, .columns = std::move(columns)};
}

int clients_get(Context& context) {
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const auto client =
      (*live)->get(std::string(kPath) + "/" + percent_encode(context.arguments.text("CLIENT")));
  if (!client) return context.fail(client.error());
  return context.finish(context.output.record(context.columns(), *client));
}

Form clients_kick_form() {
  std::vector<Flag> flags = selecting_flags();
  flags.push_back({"--reason", "TEXT", "told to WebSocket clients with the close"});
  return {.arguments = {{"CLIENT", Arity::kAny, Words::kClient}},
          .flags = std::move(flags),
          .text =
              "Ends the named clients, or all that the flags select, on the instance asked. Clients that\n"
              "reconnect by themselves come back and resume.\n",
          .examples = {{"relayctl clients kick edge-1.0.17", "one"},
                       {"relayctl clients kick --slow --dry-run", "how many would go?"}},
          .columns = {{"client", "CLIENT", Kind::kText, Show::kAlways, "its id"},
                      {"kicked", "KICKED", Kind::kNumber, Show::kAlways, "1, or 0 if it had gone already"}}};
}

int clients_kick(Context& context) {
  const auto ids = chosen_clients(context);
  if (!ids) return context.fail(ids.error());
  if (ids->empty()) return context.fail({exit_code::kNo, "no client is like that"});
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const auto answer = context.console.ask(
      counted(static_cast<std::int64_t>(ids->size()), "client") + " will be disconnected", "Do it?");
  if (!answer) return context.fail(answer.error());
  if (*answer != Answer::kYes) return *answer == Answer::kDryRun ? exit_code::kOk : exit_code::kNo;
  std::vector<Json> rows;
  std::size_t kicked = 0;
  for (const std::string& id : *ids) {
    const auto done = (*live)->post(std::string(kPath) + "/" + percent_encode(id) + "/kick",
                                    {{"reason", context.arguments.text_or("--reason", "")}});
    if (!done && done.error().exit != exit_code::kNo) return context.fail(done.error());
    if (!done) context.console.say(id + ": " + done.error().what);
    kicked += done ? 1 : 0;
    rows.push_back({{"client", id}, {"kicked", done ? 1 : 0}});
  }
  const int printed = context.finish(context.output.rows(context.columns(), std::move(rows)));
  return printed == exit_code::kOk && kicked == 0 ? exit_code::kNo : printed;
}

}  // namespace relay::ctl
