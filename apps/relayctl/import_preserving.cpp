#include <algorithm>
#include <unordered_map>

#include "cli/human.hpp"
#include "importer.hpp"
#include "storage/redis/backlog_edit.hpp"
#include "storage/redis/record.hpp"
#include "stored_keys.hpp"

namespace relay::ctl {
namespace {

constexpr std::size_t kInFlight = 200;
constexpr Milliseconds kAhead{60'000};  // that an id's time may be before Redis's clock
constexpr const char* kUseNewIds = "import them under new ids: leave --preserve-ids out";

Failure refuse(std::string what, std::string why) {
  return {exit_code::kData, std::move(what), std::move(why), kUseNewIds};
}

std::uint32_t partition_of(const Stored& stored, ImportFile& file, const ImportFile::Entry& entry) {
  return stored.partition_of(file.channels()[entry.channel].name);
}

// What can be seen from the file alone.
Outcome<void> check_file(Stored& stored, ImportFile& file) {
  if (!file.bounds().empty() && file.bounds().size() != stored.partitions()) {
    return refuse("the file has ids of " + std::to_string(file.bounds().size()) +
                      " partitions, and the store has " + std::to_string(stored.partitions()),
                  "an id is unique in its partition alone");
  }
  const MessageId highest = first_id_at(stored.now_ms() + kAhead.count());
  for (const Bounds& bounds : file.bounds()) {
    if (bounds.last > highest)
      return refuse("the file's ids are ahead of the store's clock",
                    "they reach " + rfc3339(id_time_ms(bounds.last)));
  }
  std::map<std::uint32_t, ImportFile::Entry> before;
  for (const ImportFile::Entry& entry : file.entries()) {
    if (entry.id == 0) return refuse("there are messages without an id in the file", {});
    if (entry.id > highest)
      return refuse("id " + std::to_string(entry.id) + " is ahead of the store's clock", {});
    ImportFile::Entry& last = before[partition_of(stored, file, entry)];
    if (last.id == entry.id) return refuse("id " + std::to_string(entry.id) + " is in the file twice", {});
    last = entry;
  }
  return {};
}

// Whether the store has an id of the file on another channel of the partition: readers take the two for one
// message.
Outcome<void> check_ids_are_free(Stored& stored, ImportFile& file, const PreservingPlan& plan) {
  std::unordered_map<MessageId, std::vector<std::uint32_t>> past;  // id: channels
  MessageId lowest = kMaxId, highest = 0;
  for (const ImportFile::Entry& entry : file.entries()) {
    if (entry.id > plan.before[partition_of(stored, file, entry)].last) continue;
    past[entry.id].push_back(entry.channel);
    lowest = std::min(lowest, entry.id);
    highest = std::max(highest, entry.id);
  }
  if (past.empty()) return {};
  const auto channels = find_channels(stored, {});
  if (!channels) return channels.error();
  std::optional<Failure> taken;
  for (const LogName& name : *channels) {
    const auto read = read_log(stored, name.channel, lowest - 1, highest, [&](const Element& element) {
      const auto found = element.kind == ElementKind::kMessage ? past.find(element.id) : past.end();
      if (found == past.end()) return true;
      for (const std::uint32_t channel : found->second) {
        const std::string& other = file.channels()[channel].name;
        if (other == name.channel || stored.partition_of(other) != name.partition) continue;
        taken = refuse("id " + std::to_string(element.id) + " is taken: the file has it on " + other +
                           ", the store on " + name.channel,
                       {});
      }
      return !taken;
    });
    if (!read) return read.error();
    if (taken) return *taken;
  }
  return {};
}

class Preserving {
 public:
  Preserving(Stored& stored, ImportFile& file, const PreservingPlan& plan, ImportCounts& counts)
      : stored_(stored), file_(file), plan_(plan), counts_(counts), now_ms_(stored.now_ms()) {}

  Outcome<void> run() {
    if (const auto begun = begin(); !begun) return begun.error();
    for (const ImportFile::Entry& entry : file_.entries()) {
      auto line = file_.read(entry);
      if (!line) return line.error();
      ++counts_.read;
      put(entry, std::move(*line));
      if (const auto settled = stored_.settle(kInFlight); !settled) return broke_off(settled.error());
    }
    if (const auto settled = stored_.settle(); !settled) return broke_off(settled.error());
    if (const auto settled = settle_channels(); !settled) return broke_off(settled.error());
    if (refused_ > 0) {
      return refuse("the store refused " + grouped(refused_) + " messages",
                    "it changed while the import went on");
    }
    return {};
  }

  Outcome<void> verify() {
    for (const ImportFile::Entry& entry : file_.entries()) {
      const auto line = file_.read(entry);
      if (!line) return line.error();
      if (expired(*line)) continue;
      const std::uint32_t partition = stored_.partition_of(line->channel);
      stored_.ask(partition, {"ZSCORE", stored_.keys(partition).log(line->channel), record_of(*line)},
                  [&](const wire::RespValue& score) { counts_.missing += score.is_nil() ? 1 : 0; });
      if (const auto settled = stored_.settle(kInFlight); !settled) return settled.error();
    }
    return stored_.settle();
  }

 private:
  static Failure broke_off(Failure failure) {
    failure.fix = "run it again: what was stored is found to be there";
    return failure;
  }
  std::string record_of(const ImportLine& line) const {
    hub::Draft draft = line.draft;
    draft.ttl_ms = ttl_of(line);
    return std::to_string(line.id) + redis::encode_record_tail(draft);
  }
  std::uint32_t ttl_of(const ImportLine& line) const {
    if (line.draft.ttl_ms != 0) return line.draft.ttl_ms;
    return static_cast<std::uint32_t>(stored_.keep_of(line.channel).max_age.count());
  }
  bool expired(const ImportLine& line) const { return id_time_ms(line.id) + ttl_of(line) <= now_ms_; }

  // An empty partition takes over the life that the file tells of.
  Outcome<void> begin() {
    stored_.lay_out();
    std::vector<Bounds> of_file(stored_.partitions());
    for (const ImportFile::Entry& entry : file_.entries()) {
      Bounds& bounds = of_file[partition_of(stored_, file_, entry)];
      if (bounds.epoch == 0) bounds.epoch = entry.id;
      bounds.last = std::max(bounds.last, entry.id);
    }
    for (std::uint32_t i = 0; i < stored_.partitions(); ++i) {
      if (!file_.bounds().empty() && file_.bounds()[i].epoch != 0) of_file[i] = file_.bounds()[i];
      if (of_file[i].epoch == 0 || plan_.before[i].epoch != 0) continue;
      auto call = redis::begin_call(stored_.keys(i), of_file[i].epoch, of_file[i].last);
      stored_.run(i, call.script, std::move(call.keys), std::move(call.arguments));
    }
    return stored_.settle();
  }

  void put(const ImportFile::Entry& entry, ImportLine line) {
    if (expired(line)) {
      ++counts_.expired;
      ImportFile::History& history = file_.channels()[entry.channel].history;
      history.gone = std::max(history.gone, line.id);
      return;
    }
    const std::uint32_t partition = stored_.partition_of(line.channel);
    auto call = redis::import_call(stored_.keys(partition), line.channel, line.id, record_of(line),
                                   stored_.keep_of(line.channel), stored_.settings());
    stored_.run(partition, call.script, std::move(call.keys), std::move(call.arguments),
                [this](const wire::RespValue& answer) {
                  counts_.stored += answer.integer() > 0 ? 1 : 0;
                  counts_.announced += answer.integer() == 2 ? 1 : 0;
                  counts_.there += answer.integer() == 0 ? 1 : 0;
                  refused_ += answer.integer() < 0 ? 1 : 0;
                });
  }

  // What the file says of the messages that it does not have; and the newest ids, whether they are kept or
  // not.
  Outcome<void> settle_channels() {
    for (const ImportFile::Channel& channel : file_.channels()) {
      const std::uint32_t partition = stored_.partition_of(channel.name);
      redis::KnownHistory known;
      if (channel.history.known)
        known = {plan_.through[partition], channel.history.gone, channel.history.last};
      known.gone = std::max(known.gone, channel.history.gone);
      auto call =
          redis::settle_call(stored_.keys(partition), channel.name, stored_.keep_of(channel.name), known);
      stored_.run(partition, call.script, std::move(call.keys), std::move(call.arguments));
      if (const auto settled = stored_.settle(kInFlight); !settled) return settled.error();
    }
    for (std::uint32_t i = 0; i < file_.bounds().size(); ++i) {
      if (!plan_.used[i] || file_.bounds()[i].epoch == 0) continue;
      auto call = redis::begin_call(stored_.keys(i), file_.bounds()[i].epoch, file_.bounds()[i].last);
      stored_.run(i, call.script, std::move(call.keys), std::move(call.arguments));
    }
    return stored_.settle();
  }

  Stored& stored_;
  ImportFile& file_;
  const PreservingPlan& plan_;
  ImportCounts& counts_;
  const std::int64_t now_ms_;
  std::int64_t refused_ = 0;
};

}  // namespace

Outcome<PreservingPlan> plan_preserving(Stored& stored, ImportFile& file) {
  if (const auto checked = check_file(stored, file); !checked) return checked.error();
  auto before = read_bounds(stored);
  if (!before) return before.error();
  PreservingPlan plan;
  plan.before = std::move(*before);
  plan.through.resize(stored.partitions());
  plan.used.resize(stored.partitions());
  for (std::uint32_t i = 0; i < file.bounds().size(); ++i) {
    const bool same_life = plan.before[i].epoch == 0 || plan.before[i].epoch == file.bounds()[i].epoch;
    if (same_life) plan.through[i] = file.bounds()[i].last;
  }
  std::int64_t too_old = 0;
  MessageId epoch = 0;
  for (const ImportFile::Entry& entry : file.entries()) {
    const std::uint32_t partition = partition_of(stored, file, entry);
    plan.used[partition] = true;
    plan.past += entry.id <= plan.before[partition].last ? 1 : 0;
    if (entry.id < plan.before[partition].epoch) ++too_old, epoch = plan.before[partition].epoch;
  }
  for (const ImportFile::Channel& channel : file.channels())
    plan.used[stored.partition_of(channel.name)] = true;
  if (too_old > 0) {
    return refuse(
        grouped(too_old) + " of " + grouped(static_cast<std::int64_t>(file.entries().size())) +
            " messages are older than the life of the store's data, which began at " +
            rfc3339(id_time_ms(epoch)),
        "readers with cursors from before are told a gap and begin there: they would never see them");
  }
  if (const auto free = check_ids_are_free(stored, file, plan); !free) return free.error();
  return plan;
}

Outcome<void> import_preserving(Stored& stored, ImportFile& file, const PreservingPlan& plan, bool verify,
                                ImportCounts& counts) {
  Preserving preserving(stored, file, plan, counts);
  if (const auto done = preserving.run(); !done) return done.error();
  if (verify) return preserving.verify();
  return {};
}

}  // namespace relay::ctl
