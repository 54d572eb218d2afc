#include "verbs/backlog_import.hpp"

#include "base/text.hpp"
#include "cli/human.hpp"
#include "importer.hpp"

namespace relay::ctl {
namespace {

// What a publisher would be told; nothing if it is fine. With its old id a message is taken as it was.
std::string fault_of(const ImportLine& line, std::size_t max_bytes, bool preserving) {
  const hub::Draft& draft = line.draft;
  if (draft.data.size() > max_bytes)
    return "data is longer than publish.max_bytes (" + std::to_string(max_bytes) + ")";
  if (draft.event.find_first_of(std::string_view("\r\n\0", 3)) != draft.event.npos)
    return "\"event\" has a line break";
  if (preserving) return {};
  const bool text =
      is_utf8(draft.data) && is_utf8(draft.event) && is_utf8(draft.from) && is_utf8(draft.trace);
  return text ? "" : "there is text in it that is no UTF-8";
}

Json row_of(const ImportCounts& counts, bool verified) {
  return {{"read", counts.read},           {"stored", counts.stored},
          {"announced", counts.announced}, {"there", counts.there},
          {"expired", counts.expired},     {"missing", verified ? Json(counts.missing) : Json()}};
}

Outcome<ImportCounts> import(Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  const bool preserving = context.arguments.has("--preserve-ids");
  const bool verify = context.arguments.has("--verify");
  const auto max_bytes = static_cast<std::size_t>((*stored)->options().publish.max_bytes);
  auto file = ImportFile::open(context.arguments.text("FILE"),
                               [&](const ImportLine& line) { return fault_of(line, max_bytes, preserving); });
  if (!file) return file.error();
  ImportCounts counts;
  std::string plan = counted(static_cast<std::int64_t>(file->entries().size()), "message") + " of " +
                     counted(static_cast<std::int64_t>(file->channels().size()), "channel");
  if (!preserving) {
    context.console.say(plan + ", under new ids: live readers get them");
    if (context.console.dry_run()) return counts;
    if (const auto done = import_anew(**stored, *file, verify, counts); !done) return done.error();
    return counts;
  }
  const auto preserved = plan_preserving(**stored, *file);
  if (!preserved) return preserved.error();
  plan += " with their ids";
  if (preserved->past > 0)
    plan += "; " + grouped(preserved->past) +
            " of them behind the store's newest id, for readers who are not there yet";
  context.console.say(plan);
  if (context.console.dry_run()) return counts;
  if (const auto done = import_preserving(**stored, *file, *preserved, verify, counts); !done)
    return done.error();
  return counts;
}

}  // namespace

Form backlog_import_form() {
  return {
      .arguments = {{"FILE", Arity::kOne, Words::kFile}},
      .flags = {{"--preserve-ids", "", "keep the ids, for cursors that clients hold"},
                {"--verify", "", "read every message back and compare it"}},
      .text =
          "FILE is an export; \"-\" is standard input. Lines written by hand need \"channel\" and \"data\" "
          "alone.\n"
          "Nothing is written before the whole file was found to be right.\n"
          "\n"
          "Without --preserve-ids the messages are published anew, in the order of their old ids: the store "
          "gives new\n"
          "ids, live readers get them, and they live as long as they did from now on (at most max_age). "
          "Imported again\n"
          "within ten minutes, a message that has an id in the file is not stored a second time.\n"
          "\n"
          "With --preserve-ids messages keep ids, times and expiry; what has expired is left out. An empty "
          "store takes\n"
          "over the file's epoch and newest id, so that every cursor of the old store goes on here. In a "
          "store that\n"
          "has data, ids above its newest one are stored and announced in order. Ids behind it are stored "
          "too, but\n"
          "not announced: readers with older cursors get them, readers that are further on do not. Refused "
          "(65),\n"
          "before anything is written: ids older than the store's epoch, because no cursor leads there; ids "
          "of a\n"
          "store with another number of partitions; an id that another channel of the partition has; and ids "
          "ahead\n"
          "of Redis's clock by more than a minute. To restore a store that was emptied while relayd ran, "
          "import\n"
          "without --preserve-ids, or stop every relayd and empty it again first.\n",
      .examples = {{"relayctl backlog import backlog.jsonl --preserve-ids --verify --redis redis://new:6379",
                    "move to another Redis"}},
      .columns = {
          {"read", "READ", Kind::kNumber, Show::kAlways, "messages in the file"},
          {"stored", "STORED", Kind::kNumber, Show::kAlways, "of these"},
          {"announced", "ANNOUNCED", Kind::kNumber, Show::kAlways, "of the stored ones, to live readers"},
          {"there", "THERE", Kind::kNumber, Show::kAlways, "that the store had already"},
          {"expired", "EXPIRED", Kind::kNumber, Show::kAlways, "left out, for their life was over"},
          {"missing", "MISSING", Kind::kNumber, Show::kAlways,
           "not found as they were when read back (--verify; the channel's bounds may have taken them)"}}};
}

int backlog_import(Context& context) {
  const auto counts = import(context);
  if (!counts) return context.fail(counts.error());
  if (const auto shown =
          context.output.record(context.columns(), row_of(*counts, context.arguments.has("--verify")));
      !shown) {
    return context.fail(shown.error());
  }
  return counts->missing > 0 ? exit_code::kNo : exit_code::kOk;
}

}  // namespace relay::ctl
