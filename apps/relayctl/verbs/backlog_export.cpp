#include "verbs/backlog_export.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cli/human.hpp"
#include "message_json.hpp"
#include "stored.hpp"
#include "stored_keys.hpp"
#include "stored_log.hpp"

namespace relay::ctl {
namespace {

constexpr std::size_t kWriteBytes = 64 * 1024;

// Everything up to the newest id of each partition at the beginning: what is published meanwhile is not in
// it.
class Export {
 public:
  Export(Context& context, Stored& stored, std::vector<Bounds> bounds)
      : context_(context), stored_(stored), bounds_(std::move(bounds)), now_ms_(stored.now_ms()) {}

  Outcome<void> run(const std::vector<std::string>& channels) {
    text_ = export_header(now_ms_, bounds_) + "\n";
    for (const std::string& channel : channels) {
      if (const auto written = channel_lines(channel); !written) return written.error();
    }
    if (const auto written = flush(); !written) return written.error();
    const std::string skipped =
        foreign_ == 0 ? "" : ", " + counted(foreign_, "foreign element") + " left out";
    context_.console.say("exported " + counted(messages_, "message") + " of " +
                         counted(static_cast<std::int64_t>(channels.size()), "channel") + skipped);
    return {};
  }

 private:
  Outcome<void> channel_lines(const std::string& channel) {
    const std::uint32_t partition = stored_.partition_of(channel);
    const MessageId through = bounds_[partition].last;
    MessageId gone = 0, newest = 0;
    Outcome<void> written;
    const auto read = read_log(stored_, channel, 0, through, [&](const Element& element) {
      newest = std::max(newest, element.id);
      if (element.readable(now_ms_)) {
        ++messages_;
        text_ += export_line(*element.message) + "\n";
        if (text_.size() >= kWriteBytes) written = flush();
      } else {
        gone = std::max(gone, element.id);
        foreign_ += element.kind == ElementKind::kForeign ? 1 : 0;
      }
      return written.has_value();
    });
    if (!read) return read.error();
    if (!written) return written.error();
    stored_.ask(partition, {"GET", stored_.keys(partition).last(channel)}, [&](const wire::RespValue& value) {
      const MessageId last = parse_id(value.text()).value_or(0);
      if (newest == 0 && last <= through) gone = last;  // its log came and went
      newest = last <= through ? std::max(last, newest) : newest;
    });
    if (const auto settled = stored_.settle(); !settled) return settled.error();
    text_ += export_line(channel, gone, newest) + "\n";
    return {};
  }

  Outcome<void> flush() {
    const std::string text = std::exchange(text_, {});
    return context_.output.text(text);
  }

  Context& context_;
  Stored& stored_;
  const std::vector<Bounds> bounds_;
  const std::int64_t now_ms_;
  std::string text_;
  std::int64_t messages_ = 0;
  std::int64_t foreign_ = 0;
};

// A channel without a log is in it too while its last id is remembered: cursors are told by it.
Outcome<std::vector<std::string>> channels_to_export(const Context& context, Stored& stored) {
  if (context.arguments.has("CHANNEL")) return context.arguments.all("CHANNEL");
  std::set<std::string> all;
  for (const KeyKind kind : {KeyKind::kLog, KeyKind::kLast}) {
    const auto names = find_channels(stored, context.arguments.text_or("--pattern", ""), kind);
    if (!names) return names.error();
    for (const LogName& name : *names) all.insert(name.channel);
  }
  return std::vector<std::string>(all.begin(), all.end());
}

Outcome<void> write_export(Context& context) {
  const int given = int{context.arguments.has("CHANNEL")} + int{context.arguments.has("--all")} +
                    int{context.arguments.has("--pattern")};
  if (given != 1)
    return usage("backlog export needs channels, --pattern or --all", "see: relayctl backlog export -h");
  if (context.arguments.text_or("--output", "jsonl") != "jsonl") {
    return usage("an export is always JSON lines", "leave -o out, or give -o jsonl");
  }
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  // The bounds come first: all that the channels hold up to them is there when the channels are looked for.
  auto bounds = read_bounds(**stored);
  if (!bounds) return bounds.error();
  const auto channels = channels_to_export(context, **stored);
  if (!channels) return channels.error();
  return Export(context, **stored, std::move(*bounds)).run(*channels);
}

}  // namespace

Form backlog_export_form() {
  return {
      .arguments = {{"CHANNEL", Arity::kAny, Words::kChannel}},
      .flags = {{"--all", "", "every channel"}, {"--pattern", "GLOB", "all channels whose name it matches"}},
      .text =
          "Writes JSON lines to standard output: a header, each message with its id and all it is made of, "
          "and behind\n"
          "the messages of a channel what of it is no longer kept. It is complete up to the moment it "
          "began.\n"
          "\"data\" is the payload's text, byte for byte; what is no UTF-8 is written as base64 under "
          "\"data_base64\".\n",
      .examples = {{"relayctl backlog export --all > backlog.jsonl", "all that is kept"},
                   {"relayctl backlog export news | relayctl backlog import - --redis redis://other:6379",
                    "copy a channel to another store"}}};
}
int backlog_export(Context& context) {
  return context.finish(write_export(context));
}

}  // namespace relay::ctl
