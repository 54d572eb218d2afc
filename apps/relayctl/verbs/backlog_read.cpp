#include "verbs/backlog_read.hpp"

#include "base/text.hpp"
#include "message_json.hpp"
#include "stored.hpp"
#include "stored_keys.hpp"
#include "stored_log.hpp"

namespace relay::ctl {
namespace {

constexpr std::int64_t kShown = 100;
constexpr std::size_t kGlancesInFlight = 700;  // seven requests each

Json time_or_null(MessageId id) {
  return id == 0 ? Json() : Json(rfc3339(id_time_ms(id)));
}
Json id_or_null(MessageId id) {
  return id == 0 ? Json() : Json(id);
}

Json list_row(const LogName& name, const LogGlance& at_a_glance) {
  return {{"channel", repair_utf8(name.channel)},
          {"messages", at_a_glance.messages()},
          {"memory", at_a_glance.memory},
          {"newest", time_or_null(at_a_glance.newest)},
          {"expires_in_ms", at_a_glance.expires_ms < 0 ? Json() : Json(at_a_glance.expires_ms)},
          {"oldest", time_or_null(at_a_glance.first)},
          {"first_id", id_or_null(at_a_glance.first)},
          {"last_id", id_or_null(at_a_glance.last)},
          {"trimmed", at_a_glance.has_marker},
          {"partition", name.partition}};
}

Outcome<void> list(Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto names = find_channels(**stored, context.arguments.text_or("--pattern", ""));
  if (!names) return names.error();
  std::vector<LogGlance> glances(names->size());
  for (std::size_t i = 0; i < names->size(); ++i) {
    glance(**stored, (*names)[i].channel, glances[i]);
    if (const auto settled = (*stored)->settle(kGlancesInFlight); !settled) return settled.error();
  }
  if (const auto settled = (*stored)->settle(); !settled) return settled.error();
  std::vector<Json> rows;
  for (std::size_t i = 0; i < names->size(); ++i) {
    if (glances[i].type != "none") rows.push_back(list_row((*names)[i], glances[i]));
  }
  return context.output.rows(context.columns(), std::move(rows));
}

// An id, or a time before now: "10m".
Outcome<MessageId> start_of(const Context& context, std::int64_t now_ms) {
  const std::string text = context.arguments.text_or("--from", "0");
  if (const auto id = parse_id(text)) return *id == 0 ? MessageId{0} : *id - 1;
  const auto age = context.arguments.duration("--from", Milliseconds{0});
  if (!age)
    return usage("\"" + text + "\" is neither an id nor an age", "--from takes 3631451119616000 or 10m");
  return first_id_at(now_ms - age->count());
}

Outcome<void> show(Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const std::int64_t now = (*stored)->now_ms();
  const auto from = start_of(context, now);
  if (!from) return from.error();
  const auto limit = context.arguments.count("--limit", kShown, 0, INT32_MAX);
  if (!limit) return limit.error();
  const std::string& channel = context.arguments.text("CHANNEL");
  MessageId more = 0;
  std::vector<Json> rows;
  const auto read = read_log(**stored, channel, *from, kMaxId, [&](const Element& element) {
    if (!element.readable(now)) return true;
    if (static_cast<std::int64_t>(rows.size()) == *limit)
      more = element.id;
    else
      rows.push_back(message_row(element));
    return more == 0;
  });
  if (!read) return read.error();
  if (auto shown = context.output.rows(context.columns(), std::move(rows)); !shown) return shown.error();
  if (more != 0) context.console.say("more follow: --from " + std::to_string(more) + ", or --limit");
  return {};
}

Failure not_kept(const std::string& channel, const std::string& what) {
  return {exit_code::kNo, "there is no " + what + " in the backlog of " + channel, {}, {}};
}

// Why a message is not there, as far as the store knows.
std::string story_of(MessageId id, const std::vector<Element>& there, const LogGlance& at_a_glance) {
  for (const Element& element : there) {
    if (element.kind == ElementKind::kTombstone) return "it was removed";
    if (element.kind == ElementKind::kMessage) return "it has expired, and is not trimmed yet";
  }
  if (id > at_a_glance.last) return "the channel's last message is " + std::to_string(at_a_glance.last);
  if (at_a_glance.first == 0 || id < at_a_glance.first)
    return "it may have been kept; what is kept now is newer";
  return "the channel never had a message of this id";
}

Outcome<void> get(Context& context) {
  const auto id = parse_id(context.arguments.text("ID"));
  if (!id)
    return usage("\"" + context.arguments.text("ID") + "\" is no id", "see: relayctl backlog show CHANNEL");
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const std::string& channel = context.arguments.text("CHANNEL");
  const auto there = read_id(**stored, channel, *id);
  if (!there) return there.error();
  for (const Element& element : *there) {
    if (!element.readable((*stored)->now_ms())) continue;
    if (context.arguments.has("--raw")) return context.output.text(element.message->data());
    return context.output.record(message_columns(), message_row(element));
  }
  LogGlance at_a_glance;
  glance(**stored, channel, at_a_glance);
  if (const auto settled = (*stored)->settle(); !settled) return settled.error();
  Failure missing = not_kept(channel, "message " + std::to_string(*id));
  missing.why = story_of(*id, *there, at_a_glance);
  return missing;
}

Outcome<void> count(Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const std::string& channel = context.arguments.text("CHANNEL");
  const std::int64_t now = (*stored)->now_ms();
  std::int64_t messages = 0, expired = 0, removed = 0, foreign = 0;
  std::uint64_t bytes = 0, data_bytes = 0;
  MessageId first = 0, newest = 0, gone = 0;
  const auto read = read_whole_log(**stored, channel, [&](const Element& element) {
    if (element.kind != ElementKind::kMarker) bytes += element.bytes.size();
    if (element.readable(now)) {
      ++messages;
      data_bytes += element.message->data().size();
      if (first == 0) first = element.id;
      newest = element.id;
      return;
    }
    gone = std::max(gone, element.id);
    expired += element.kind == ElementKind::kMessage ? 1 : 0;
    removed += element.kind == ElementKind::kTombstone ? 1 : 0;
    foreign += element.kind == ElementKind::kForeign ? 1 : 0;
  });
  if (!read) return read.error();
  return context.output.record(context.columns(), {{"channel", repair_utf8(channel)},
                                                   {"messages", messages},
                                                   {"data_bytes", data_bytes},
                                                   {"first_id", id_or_null(first)},
                                                   {"first_time", time_or_null(first)},
                                                   {"newest_id", id_or_null(newest)},
                                                   {"newest_time", time_or_null(newest)},
                                                   {"gone_id", id_or_null(gone)},
                                                   {"expired", expired},
                                                   {"removed", removed},
                                                   {"foreign", foreign},
                                                   {"record_bytes", bytes}});
}

}  // namespace

Form backlog_list_form() {
  return {
      .flags = {{"--pattern", "GLOB", "only channels whose name it matches"}},
      .text =
          "What expired and is not trimmed yet still counts here; \"backlog count\" reads every message.\n",
      .examples = {{"relayctl backlog list --sort-by -memory --limit 10", "the greatest ten"}},
      .columns = {
          {"channel", "CHANNEL", Kind::kText, Show::kAlways, "its name"},
          {"messages", "MESSAGES", Kind::kNumber, Show::kAlways, "in the log"},
          {"memory", "MEMORY", Kind::kBytes, Show::kAlways, "that the log takes in Redis"},
          {"newest", "NEWEST", Kind::kAgo, Show::kAlways, "when its newest message was stored"},
          {"expires_in_ms", "EXPIRES IN", Kind::kDuration, Show::kAlways, "until the log goes; null: never"},
          {"oldest", "OLDEST", Kind::kAgo, Show::kWide, "when its oldest message was stored"},
          {"first_id", "FIRST ID", Kind::kText, Show::kWide, "its oldest message"},
          {"last_id", "LAST ID", Kind::kText, Show::kWide, "the last message it kept, there or not"},
          {"trimmed", "TRIMMED", Kind::kBool, Show::kWide, "whether older ones were trimmed"},
          {"partition", "PARTITION", Kind::kNumber, Show::kWide, "where it lies"}}};
}
int backlog_list(Context& context) {
  return context.finish(list(context));
}

Form backlog_show_form() {
  return {
      .arguments = {{"CHANNEL", Arity::kOne, Words::kChannel}},
      .flags = {{"--from", "ID", "begin at this id, or so long ago (10m)"}},
      .text = "The oldest first, 100 unless --limit says otherwise.\n",
      .examples = {{"relayctl backlog show news --from 10m -o jsonl", "the last ten minutes, for a script"}},
      .columns = message_columns()};
}
int backlog_show(Context& context) {
  return context.finish(show(context));
}

Form backlog_get_form() {
  return {.arguments = {{"CHANNEL", Arity::kOne, Words::kChannel}, {"ID"}},
          .flags = {{"--raw", "", "its data alone, byte for byte"}},
          .text = "Ends with 1 if the message is not there, and says why as far as the store knows.\n",
          .columns = message_columns()};
}
int backlog_get(Context& context) {
  return context.finish(get(context));
}

Form backlog_count_form() {
  return {.arguments = {{"CHANNEL", Arity::kOne, Words::kChannel}},
          .columns = {
              {"channel", "CHANNEL", Kind::kText, Show::kAlways, "its name"},
              {"messages", "MESSAGES", Kind::kNumber, Show::kAlways, "that a reader from the beginning gets"},
              {"data_bytes", "DATA", Kind::kBytes, Show::kAlways, "of their data"},
              {"first_id", "FIRST ID", Kind::kText, Show::kAlways, "the oldest of them"},
              {"first_time", "FIRST TIME", Kind::kTime, Show::kAlways, "when that was stored"},
              {"newest_id", "NEWEST ID", Kind::kText, Show::kAlways, "the newest of them"},
              {"newest_time", "NEWEST TIME", Kind::kTime, Show::kAlways, "when that was stored"},
              {"gone_id", "GONE", Kind::kText, Show::kAlways, "the highest id known to be no longer kept"},
              {"expired", "EXPIRED", Kind::kNumber, Show::kAlways,
               "messages whose life is over, not trimmed yet"},
              {"removed", "REMOVED", Kind::kNumber, Show::kAlways, "places of removed messages"},
              {"foreign", "FOREIGN", Kind::kNumber, Show::kAlways, "elements that are no messages"},
              {"record_bytes", "RECORDS", Kind::kBytes, Show::kAlways, "of all elements but the marker"}}};
}
int backlog_count(Context& context) {
  return context.finish(count(context));
}

}  // namespace relay::ctl
