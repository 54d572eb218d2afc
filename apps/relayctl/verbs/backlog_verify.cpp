#include "verbs/backlog_verify.hpp"

#include <map>

#include "backlog_faults.hpp"
#include "base/text.hpp"
#include "cli/human.hpp"

namespace relay::ctl {
namespace {

Json row_of(const Fault& fault) {
  return {{"channel", repair_utf8(fault.channel)},
          {"fault", name_of(fault.kind)},
          {"wrong", fault.is_wrong()},
          {"says", repair_utf8(fault.says)},
          {"repaired", fault.mended.empty() ? Json() : Json(fault.mended)}};
}

// Logs, and what is left of logs.
Outcome<std::vector<LogName>> channels_to_verify(Context& context, Stored& stored) {
  std::vector<LogName> names;
  if (context.arguments.has("CHANNEL")) {
    for (const std::string& channel : context.arguments.all("CHANNEL"))
      names.push_back({channel, stored.partition_of(channel)});
    return names;
  }
  std::map<std::string, std::uint32_t> all;
  for (const KeyKind kind : {KeyKind::kLog, KeyKind::kBytes, KeyKind::kLast}) {
    const auto found = find_channels(stored, context.arguments.text_or("--pattern", ""), kind);
    if (!found) return found.error();
    for (const LogName& name : *found) all.emplace(name.channel, name.partition);
  }
  for (const auto& [channel, partition] : all) names.push_back({channel, partition});
  return names;
}

Outcome<Answer> ask_to_repair(Context& context, std::int64_t wrong) {
  if (!context.arguments.has("--repair") || wrong == 0) return Answer::kNo;
  return context.console.ask(
      counted(wrong, "fault") +
          " found; what is no message or there twice will be removed, the rest set right",
      "Repair?");
}

// The number of faults that are left.
Outcome<std::int64_t> verify(Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const auto names = channels_to_verify(context, **stored);
  if (!names) return names.error();
  std::vector<std::vector<Fault>> found;
  std::int64_t wrong = 0;
  for (const LogName& name : *names) {
    auto faults = find_faults(**stored, name);
    if (!faults) return faults.error();
    for (const Fault& fault : *faults) wrong += fault.is_wrong() ? 1 : 0;
    if (!faults->empty()) found.push_back(std::move(*faults));
  }
  const auto answer = ask_to_repair(context, wrong);
  if (!answer) return answer.error();
  std::int64_t left = 0;
  std::vector<Json> rows;
  for (std::vector<Fault>& faults : found) {
    if (*answer == Answer::kYes) {
      if (const auto mended = mend(**stored, faults); !mended) return mended.error();
    }
    for (const Fault& fault : faults) {
      left += fault.is_wrong() && fault.mended.empty() ? 1 : 0;
      rows.push_back(row_of(fault));
    }
  }
  if (const auto shown = context.output.rows(context.columns(), std::move(rows)); !shown)
    return shown.error();
  context.console.say(
      counted(static_cast<std::int64_t>(names->size()), "channel") + " verified, " +
      (wrong == 0 ? "nothing wrong" : counted(wrong, "fault") + ", " + grouped(wrong - left) + " repaired"));
  return left;
}

}  // namespace

Form backlog_verify_form() {
  return {.arguments = {{"CHANNEL", Arity::kAny, Words::kChannel}},
          .flags = {{"--pattern", "GLOB", "only channels whose name it matches"},
                    {"--repair", "", "mend what can be mended, and say what was done"}},
          .text =
              "Reads every message. Ends with 1 if something is wrong and was not repaired.\n"
              "Faults: wrong_type, foreign (an element that is no message), score (not the id), twice (one "
              "id), marker\n"
              "(not the lowest), expiry (a key without one), last (the last id is not remembered), bytes "
              "(the count is\n"
              "wrong), ahead (an id above the store's newest), orphan (a count without a log), large (a "
              "message greater\n"
              "than publish.max_bytes; told, not wrong). A log of a wrong type is not repaired.\n",
          .columns = {{"channel", "CHANNEL", Kind::kText, Show::kAlways, "its name"},
                      {"fault", "FAULT", Kind::kText, Show::kAlways, "what is wrong, in a word"},
                      {"says", "WHAT", Kind::kText, Show::kAlways, "in a sentence"},
                      {"repaired", "REPAIRED", Kind::kText, Show::kAlways, "what was done; null: nothing"},
                      {"wrong", "WRONG", Kind::kBool, Show::kWide, "whether it counts"}}};
}

int backlog_verify(Context& context) {
  const auto left = verify(context);
  if (!left) return context.fail(left.error());
  return *left > 0 ? exit_code::kNo : exit_code::kOk;
}

}  // namespace relay::ctl
