#include "verbs/channels.hpp"

#include <algorithm>
#include <map>

#include "base/bytes.hpp"
#include "cli/human.hpp"
#include "cli/interrupt.hpp"
#include "context.hpp"

namespace relay::ctl {
namespace {

constexpr std::string_view kPath = "/admin/v1/channels";

std::string path_of(const std::string& channel) {
  return std::string(kPath) + "/" + percent_encode(channel);
}

}  // namespace

Form channels_list_form() {
  return {.flags = {{"--pattern", "GLOB", "only names like it: chat:*"}},
          .text =
              "Lists the channels that somebody listens to on the instance asked. What is kept without a\n"
              "listener stands in the store: relayctl backlog list.\n",
          .examples = {{"relayctl channels list --sort-by -subscribers --limit 10", "the best heard"},
                       {"relayctl channels list --pattern 'chat:*' -o name", "names alone"}},
          .columns = {
              {"channel", "CHANNEL", Kind::kText, Show::kAlways, "its name"},
              {"subscribers", "SUBSCRIBERS", Kind::kNumber, Show::kAlways,
               "clients that listen on this instance"},
              {"messages", "MESSAGES", Kind::kNumber, Show::kAlways, "delivered here since somebody listens"},
              {"last_id", "LAST ID", Kind::kText, Show::kWide, "of the newest of them"},
              {"last_time", "LAST", Kind::kAgo, Show::kAlways, "when that was published"}}};
}

int channels_list(Context& context) {
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  auto rows = (*live)->list(
      std::string(kPath) + query_of({{"pattern", context.arguments.text_or("--pattern", "")}}), "channels");
  if (!rows) return context.fail(rows.error());
  return context.finish(context.output.rows(context.columns(), std::move(*rows)));
}

Form channels_get_form() {
  return {.arguments = {{"CHANNEL", Arity::kOne, Words::kChannel}},
          .examples = {{"relayctl channels get news", "listeners, backlog and limits of one channel"}},
          .columns = {
              {"channel", "CHANNEL", Kind::kText, Show::kAlways, "its name"},
              {"subscribers", "SUBSCRIBERS", Kind::kNumber, Show::kAlways,
               "clients that listen on this instance"},
              {"messages", "MESSAGES", Kind::kNumber, Show::kAlways, "delivered here since somebody listens"},
              {"last_id", "LAST ID", Kind::kText, Show::kAlways, "of the newest of them"},
              {"last_time", "LAST", Kind::kAgo, Show::kAlways, "when that was published"},
              {"max_count", "MAX COUNT", Kind::kNumber, Show::kAlways, "messages kept at most"},
              {"max_bytes", "MAX BYTES", Kind::kBytes, Show::kAlways, "payload kept at most"},
              {"max_age_ms", "MAX AGE", Kind::kDuration, Show::kAlways, "kept for so long"},
              {"ephemeral", "EPHEMERAL", Kind::kBool, Show::kAlways, "whether nothing is kept"},
              {"presence", "PRESENCE", Kind::kBool, Show::kAlways, "whether it is known who listens"},
              {"backlog_messages", "BACKLOG", Kind::kNumber, Show::kAlways, "messages kept now"},
              {"backlog_bytes", "BACKLOG SIZE", Kind::kBytes, Show::kAlways, "their payload"},
              {"backlog_more", "MORE", Kind::kBool, Show::kAlways,
               "whether more are kept than were counted (history.max_limit)"},
              {"oldest_id", "OLDEST ID", Kind::kText, Show::kAlways, "of what is kept"},
              {"oldest_time", "OLDEST", Kind::kAgo, Show::kAlways, "when that was published"},
              {"newest_id", "NEWEST ID", Kind::kText, Show::kAlways, "of what was counted"},
              {"newest_time", "NEWEST", Kind::kAgo, Show::kAlways, "when that was published"}}};
}

int channels_get(Context& context) {
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const auto channel = (*live)->get(path_of(context.arguments.text("CHANNEL")));
  if (!channel) return context.fail(channel.error());
  if (channel->contains("backlog_error"))
    context.console.warn("the store did not say what it keeps: " + channel->value("backlog_error", ""));
  return context.finish(context.output.record(context.columns(), *channel));
}

Form channels_stats_form() {
  return {.flags = {{"--top", "N", "the busiest N (20)"},
                    {"--interval", "TIME", "how long to look (1s)"},
                    {"--pattern", "GLOB", "only names like it"}},
          .text = "Looks twice and shows what was delivered in between, the busiest channel first.\n",
          .examples = {{"relayctl channels stats --top 5 --interval 10s", "the five busiest of ten seconds"}},
          .columns = {{"channel", "CHANNEL", Kind::kText, Show::kAlways, "its name"},
                      {"per_second", "RATE", Kind::kRate, Show::kAlways, "messages a second"},
                      {"subscribers", "SUBSCRIBERS", Kind::kNumber, Show::kAlways,
                       "clients that listen on this instance"},
                      {"delivered_per_second", "OUT", Kind::kRate, Show::kAlways, "rate times subscribers"},
                      {"messages", "MESSAGES", Kind::kNumber, Show::kAlways,
                       "delivered here since somebody listens"}}};
}

int channels_stats(Context& context) {
  const auto top = context.arguments.count("--top", 20, 1, 1'000'000);
  if (!top) return context.fail(top.error());
  const auto interval = context.arguments.duration("--interval", Milliseconds(1000));
  if (!interval) return context.fail(interval.error());
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const std::string target =
      std::string(kPath) + query_of({{"pattern", context.arguments.text_or("--pattern", "")}});
  const auto before = (*live)->list(target, "channels");
  if (!before) return context.fail(before.error());
  const auto began = std::chrono::steady_clock::now();
  catch_interrupts();
  if (!pause_for(*interval)) return exit_code::kInterrupted;
  auto rows = (*live)->list(target, "channels");
  if (!rows) return context.fail(rows.error());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::map<std::string, std::int64_t> then;
  for (const Json& row : *before) then[row.value("channel", "")] = row.value("messages", std::int64_t{0});
  for (Json& row : *rows) {
    const std::int64_t count = row.value("messages", std::int64_t{0}) - then[row.value("channel", "")];
    // A channel that was left and joined in between counts from zero again.
    const double rate = static_cast<double>(std::max<std::int64_t>(0, count)) / took.count();
    row["per_second"] = rate;
    row["delivered_per_second"] = rate * row.value("subscribers", 0.0);
  }
  std::stable_sort(rows->begin(), rows->end(), [](const Json& a, const Json& b) {
    return a.value("delivered_per_second", 0.0) > b.value("delivered_per_second", 0.0);
  });
  if (rows->size() > static_cast<std::size_t>(*top)) rows->resize(static_cast<std::size_t>(*top));
  return context.finish(context.output.rows(context.columns(), std::move(*rows)));
}

Form channels_kick_form() {
  return {.arguments = {{"CHANNEL", Arity::kOne, Words::kChannel}},
          .flags = {{"--reason", "TEXT", "told to WebSocket clients with the close"}},
          .text =
              "Ends the streams and sockets of everybody who listens to the channel on the instance asked.\n"
              "Clients that reconnect by themselves come back and resume. A long poll ends by itself.\n",
          .examples = {{"relayctl channels kick news --dry-run", "how many would go?"}},
          .columns = {{"channel", "CHANNEL", Kind::kText, Show::kAlways, "its name"},
                      {"kicked", "KICKED", Kind::kNumber, Show::kAlways, "clients that were ended"}}};
}

int channels_kick(Context& context) {
  const std::string& name = context.arguments.text("CHANNEL");
  const auto live = context.live();
  if (!live) return context.fail(live.error());
  const auto channel = (*live)->get(path_of(name));
  if (!channel) return context.fail(channel.error());
  const std::int64_t subscribers = channel->value("subscribers", std::int64_t{0});
  if (subscribers == 0)
    return context.fail({exit_code::kNo, "nobody listens to " + name + " on this instance"});
  const auto answer = context.console.ask(
      counted(subscribers, "client") + " of " + name + " on this instance will be disconnected", "Do it?");
  if (!answer) return context.fail(answer.error());
  if (*answer != Answer::kYes) return *answer == Answer::kDryRun ? exit_code::kOk : exit_code::kNo;
  const auto kicked =
      (*live)->post(path_of(name) + "/kick", {{"reason", context.arguments.text_or("--reason", "")}});
  if (!kicked) return context.fail(kicked.error());
  return context.finish(context.output.record(context.columns(), *kicked));
}

}  // namespace relay::ctl
