#include "verbs/backlog_remove.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/human.hpp"
#include "cli/interrupt.hpp"
#include "message_json.hpp"
#include "storage/redis/backlog_edit.hpp"
#include "stored.hpp"
#include "stored_keys.hpp"
#include "stored_log.hpp"

namespace relay::ctl {
namespace {

constexpr Milliseconds kPause{1};  // between two steps on one channel: others get their turn
constexpr std::uint64_t kAny = UINT32_MAX;

// How far a channel is to be emptied.
struct Bound {
  std::uint64_t most = kAny;  // messages that stay
  MessageId lowest = 0;       // ids below go
};

struct Emptying {
  std::string channel;
  std::int64_t messages = 0;  // that are there
  std::int64_t old = 0;       // of them below the bound's lowest id, a marker among them
  bool has_marker = false;
  std::int64_t removed = 0;

  std::int64_t planned(const Bound& bound) const {
    const auto over = bound.most >= kAny ? 0 : messages - static_cast<std::int64_t>(bound.most);
    return std::max<std::int64_t>({0, over, old - (has_marker ? 1 : 0)});
  }
};

Outcome<Bound> bound_of(const Context& context, std::int64_t now_ms) {
  Bound bound;
  if (context.arguments.has("--max-len")) {
    const auto most = context.arguments.count("--max-len", 0, 0, INT32_MAX);
    if (!most) return most.error();
    bound.most = static_cast<std::uint64_t>(*most);
  }
  if (context.arguments.has("--older-than")) {
    const auto age = context.arguments.duration("--older-than", Milliseconds{0});
    if (!age) return age.error();
    bound.lowest = first_id_at(now_ms - age->count());
  }
  return bound;
}

Outcome<std::vector<Emptying>> survey(Stored& stored, const std::vector<std::string>& channels,
                                      const Bound& bound) {
  std::vector<Emptying> found(channels.size());
  std::vector<LogGlance> glances(channels.size());
  for (std::size_t i = 0; i < channels.size(); ++i) {
    found[i].channel = channels[i];
    glance(stored, channels[i], glances[i]);
    stored.try_ask(
        stored.partition_of(channels[i]),
        {"ZCOUNT", stored.keys_of(channels[i]).log(channels[i]), "-inf", "(" + std::to_string(bound.lowest)},
        [&old = found[i].old](const wire::RespValue& count) { old = count.integer(); });
    if (const auto settled = stored.settle(500); !settled) return settled.error();
  }
  if (const auto settled = stored.settle(); !settled) return settled.error();
  for (std::size_t i = 0; i < channels.size(); ++i) {
    found[i].messages = glances[i].messages();
    found[i].has_marker = glances[i].has_marker;
  }
  return found;
}

Outcome<void> empty(Stored& stored, Emptying& it, const Bound& bound) {
  const std::uint32_t partition = stored.partition_of(it.channel);
  for (bool done = false; !done;) {
    auto call = redis::trim_call(stored.keys(partition), it.channel, bound.most, bound.lowest,
                                 stored.keep_of(it.channel));
    stored.run(partition, call.script, std::move(call.keys), std::move(call.arguments),
               [&](const wire::RespValue& answer) {
                 it.removed += answer[0].integer();
                 done = answer[1].integer() == 1;
               });
    if (const auto settled = stored.settle(); !settled) return settled.error();
    if (!done) (void)pause_for(kPause);
  }
  return {};
}

Json row_of(const Emptying& it, const Bound& bound, bool done) {
  const std::int64_t planned = it.planned(bound);
  return {{"channel", repair_utf8(it.channel)},
          {"removed", done ? it.removed : planned},
          {"kept", it.messages - planned},
          {"done", done}};
}

// Asks, and empties what the answer allows; the rows say what was (or would be) done.
Outcome<void> empty_all(Context& context, Stored& stored, std::vector<Emptying> found, const Bound& bound,
                        std::string_view word) {
  std::erase_if(found, [&](const Emptying& it) { return it.planned(bound) == 0 && it.messages > 0; });
  std::erase_if(found, [&](const Emptying& it) { return it.messages == 0; });
  std::int64_t all = 0;
  for (const Emptying& it : found) all += it.planned(bound);
  if (found.empty()) {
    context.console.say("nothing to remove");
    return context.output.rows(context.columns(), {});
  }
  const std::string what =
      counted(all, "message") + " of " + counted(static_cast<std::int64_t>(found.size()), "channel");
  const auto answer = context.console.ask(
      what + " will be removed; readers with older cursors are told a gap", "Remove " + what + "?", word);
  if (!answer) return answer.error();
  if (*answer == Answer::kNo) return {};
  std::vector<Json> rows;
  for (Emptying& it : found) {
    if (*answer == Answer::kYes) {
      if (const auto emptied = empty(stored, it, bound); !emptied) return emptied.error();
    }
    rows.push_back(row_of(it, bound, *answer == Answer::kYes));
  }
  return context.output.rows(context.columns(), std::move(rows));
}

Outcome<void> trim(Context& context) {
  if (!context.arguments.has("--max-len") && !context.arguments.has("--older-than")) {
    return usage("backlog trim needs --max-len N or --older-than TIME",
                 "to remove everything: relayctl channels purge CHANNEL");
  }
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto bound = bound_of(context, (*stored)->now_ms());
  if (!bound) return bound.error();
  auto found = survey(**stored, {context.arguments.text("CHANNEL")}, *bound);
  if (!found) return found.error();
  return empty_all(context, **stored, std::move(*found), *bound, {});
}

Outcome<std::vector<std::string>> channels_to_purge(Context& context, Stored& stored) {
  if (!context.arguments.has("--pattern")) return context.arguments.all("CHANNEL");
  const auto names = find_channels(stored, context.arguments.text("--pattern"));
  if (!names) return names.error();
  std::vector<std::string> channels;
  for (const LogName& name : *names) channels.push_back(name.channel);
  return channels;
}

Outcome<void> purge(Context& context) {
  if (context.arguments.has("CHANNEL") == context.arguments.has("--pattern")) {
    return usage("channels purge needs either channels or --pattern", "see: relayctl channels purge -h");
  }
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto channels = channels_to_purge(context, **stored);
  if (!channels) return channels.error();
  auto bound = bound_of(context, (*stored)->now_ms());
  if (!bound) return bound.error();
  if (!context.arguments.has("--older-than")) bound->most = 0;
  auto found = survey(**stored, *channels, *bound);
  if (!found) return found.error();
  return empty_all(context, **stored, std::move(*found), *bound, context.arguments.text_or("--pattern", ""));
}

Outcome<std::vector<MessageId>> ids_of(const Context& context) {
  std::vector<MessageId> ids;
  for (const std::string& text : context.arguments.all("ID")) {
    const auto id = parse_id(text);
    if (!id) return usage("\"" + text + "\" is no id", "see: relayctl backlog show CHANNEL");
    ids.push_back(*id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Whether all of them were there.
Outcome<bool> rm(Context& context) {
  const auto ids = ids_of(context);
  if (!ids) return ids.error();
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const std::string& channel = context.arguments.text("CHANNEL");
  std::vector<Element> found;
  for (const MessageId id : *ids) {
    auto there = read_id(**stored, channel, id);
    if (!there) return there.error();
    for (Element& element : *there) {
      if (element.kind == ElementKind::kMessage) found.push_back(std::move(element));
    }
  }
  const std::string what = counted(static_cast<std::int64_t>(found.size()), "message") + " of " + channel;
  const auto answer = context.console.ask(what + " will be removed, of " +
                                              counted(static_cast<std::int64_t>(ids->size()), "id") +
                                              " named; readers with older cursors are told a gap",
                                          "Remove " + what + "?");
  if (!answer) return answer.error();
  if (*answer == Answer::kNo) return true;
  const std::uint32_t partition = (*stored)->partition_of(channel);
  std::vector<Json> rows;
  for (const Element& element : found) {
    bool removed = false;
    if (*answer == Answer::kYes) {
      auto call = redis::bury_call((*stored)->keys(partition), channel, element.bytes, element.id);
      (*stored)->run(partition, call.script, std::move(call.keys), std::move(call.arguments),
                     [&](const wire::RespValue& done) { removed = done.integer() == 1; });
      if (const auto settled = (*stored)->settle(); !settled) return settled.error();
    }
    rows.push_back({{"id", element.id},
                    {"time", rfc3339(id_time_ms(element.id))},
                    {"bytes", element.message->data().size()},
                    {"done", removed}});
  }
  if (const auto shown = context.output.rows(context.columns(), std::move(rows)); !shown)
    return shown.error();
  for (const MessageId id : *ids) {
    const bool there =
        std::any_of(found.begin(), found.end(), [id](const Element& element) { return element.id == id; });
    if (!there) context.console.warn("there is no message " + std::to_string(id));
  }
  return found.size() >= ids->size();
}

std::vector<Column> emptying_columns() {
  return {{"channel", "CHANNEL", Kind::kText, Show::kAlways, "its name"},
          {"removed", "REMOVED", Kind::kNumber, Show::kAlways, "messages that went, or would go"},
          {"kept", "KEPT", Kind::kNumber, Show::kAlways, "messages that stay"},
          {"done", "DONE", Kind::kBool, Show::kAlways, "false with --dry-run"}};
}

}  // namespace

Form backlog_trim_form() {
  return {.arguments = {{"CHANNEL", Arity::kOne, Words::kChannel}},
          .flags = {{"--max-len", "N", "keep the newest N messages"},
                    {"--older-than", "TIME", "remove what was stored longer ago"}},
          .text = "With both, a message goes when either says so.\n",
          .examples = {{"relayctl backlog trim news --max-len 100", "keep the newest hundred"}},
          .columns = emptying_columns()};
}
int backlog_trim(Context& context) {
  return context.finish(trim(context));
}

Form backlog_rm_form() {
  return {.arguments = {{"CHANNEL", Arity::kOne, Words::kChannel}, {"ID", Arity::kSome}},
          .text =
              "The message's place is remembered until the channel is trimmed past it, so that a reader "
              "whose cursor is\n"
              "older is told a gap. Ends with 1 if one of them is not there.\n",
          .columns = {
              {"id", "ID", Kind::kText, Show::kAlways, "the message's id"},
              {"time", "TIME", Kind::kTime, Show::kAlways, "when it was stored"},
              {"bytes", "BYTES", Kind::kBytes, Show::kAlways, "of its data"},
              {"done", "DONE", Kind::kBool, Show::kAlways, "whether it was removed; false with --dry-run"}}};
}
int backlog_rm(Context& context) {
  const auto all = rm(context);
  if (!all) return context.fail(all.error());
  return *all ? exit_code::kOk : exit_code::kNo;
}

Form channels_purge_form() {
  return {.arguments = {{"CHANNEL", Arity::kAny, Words::kChannel}},
          .flags = {{"--pattern", "GLOB", "all channels whose name it matches"},
                    {"--older-than", "TIME", "only what was stored longer ago"}},
          .text =
              "Clears backlogs. Readers stay connected; those whose cursors are older are told a gap. Ids go "
              "on where they\n"
              "were. With --pattern the question is answered by typing the pattern.\n",
          .examples = {{"relayctl channels purge --pattern 'test:*' --dry-run", "see what would go"}},
          .columns = emptying_columns()};
}
int channels_purge(Context& context) {
  return context.finish(purge(context));
}

}  // namespace relay::ctl
