#include "backlog_faults.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "cli/human.hpp"
#include "storage/redis/backlog_edit.hpp"
#include "stored_log.hpp"

namespace relay::ctl {
namespace {

constexpr std::array<std::string_view, 11> kNames{"wrong_type", "foreign", "score", "twice",
                                                  "marker",     "expiry",  "last",  "bytes",
                                                  "ahead",      "orphan",  "large"};
constexpr std::uint64_t kRecordOverhead = 4096;  // around the data: event, sender, trace

// What stands beside a log.
struct Besides {
  std::string type;
  std::int64_t log_ttl = -2, last_ttl = -2, bytes_ttl = -2;
  std::optional<MessageId> last;
  std::optional<std::int64_t> bytes;
  MessageId newest_of_partition = 0;
};

Outcome<Besides> read_besides(Stored& stored, const LogName& name) {
  const redis::Keyspace& keys = stored.keys(name.partition);
  Besides it;
  const auto number = [](std::int64_t& into) {
    return [&into](const wire::RespValue& value) { into = value.integer(); };
  };
  stored.ask(name.partition, {"TYPE", keys.log(name.channel)},
             [&](const wire::RespValue& type) { it.type = type.text(); });
  stored.ask(name.partition, {"PTTL", keys.log(name.channel)}, number(it.log_ttl));
  stored.ask(name.partition, {"PTTL", keys.last(name.channel)}, number(it.last_ttl));
  stored.ask(name.partition, {"PTTL", keys.bytes(name.channel)}, number(it.bytes_ttl));
  stored.try_ask(name.partition, {"GET", keys.last(name.channel)},
                 [&](const wire::RespValue& last) { it.last = parse_id(last.text()); });
  stored.try_ask(name.partition, {"GET", keys.bytes(name.channel)}, [&](const wire::RespValue& bytes) {
    if (bytes.is_text()) it.bytes = static_cast<std::int64_t>(parse_id(bytes.text()).value_or(0));
  });
  stored.ask(name.partition, {"GET", keys.seq()},
             [&](const wire::RespValue& seq) { it.newest_of_partition = parse_id(seq.text()).value_or(0); });
  if (const auto settled = stored.settle(); !settled) return settled.error();
  return it;
}

// One reading of a channel, and what is wrong with it.
class Look {
 public:
  Look(Stored& stored, const LogName& name) : stored_(stored), name_(name) {}

  Outcome<std::vector<Fault>> run() {
    const auto before = read_besides(stored_, name_);
    if (!before) return before.error();
    if (before->type == "none") return judge_orphan(*before);
    if (before->type != "zset") {
      add(FaultKind::kWrongType, "the log is a " + before->type + ", not a sorted set");
      return std::move(faults_);
    }
    const auto read =
        read_whole_log(stored_, name_.channel, [this](const Element& element) { take(element); });
    if (!read) return read.error();
    const auto after = read_besides(stored_, name_);
    if (!after) return after.error();
    if (after->type != "zset") return std::vector<Fault>();
    judge(*before, *after);
    return std::move(faults_);
  }

 private:
  Fault& add(FaultKind kind, std::string says) {
    faults_.push_back({kind, name_.channel, std::move(says), {}, 0, {}});
    return faults_.back();
  }
  void add(FaultKind kind, std::string says, const Element& element) {
    Fault& fault = add(kind, std::move(says));
    fault.element = element.bytes;
    fault.id = element.id;
  }

  void take(const Element& element) {
    const bool lowest = elements_++ == 0;
    if (element.kind == ElementKind::kForeign) {
      bytes_ += static_cast<std::int64_t>(element.bytes.size());
      add(FaultKind::kForeign,
          "an element of " + human_bytes(static_cast<std::int64_t>(element.bytes.size())) + " at score " +
              element.score + " is no message",
          element);
      faults_.back().id = parse_id(element.score).value_or(0);
      return;
    }
    if (element.score != std::to_string(element.id)) {
      add(FaultKind::kScore, "id " + std::to_string(element.id) + " has the score " + element.score, element);
    }
    if (element.kind == ElementKind::kMarker) {
      if (++markers_ > 1 || !lowest)
        add(FaultKind::kMarker,
            "the marker of id " + std::to_string(element.id) + " is not the lowest element");
      return;
    }
    bytes_ += static_cast<std::int64_t>(element.bytes.size());
    if (!ids_.insert(element.id).second)
      add(FaultKind::kTwice, "id " + std::to_string(element.id) + " is there twice", element);
    highest_ = std::max(highest_, element.id);
    const auto most = static_cast<std::uint64_t>(stored_.options().publish.max_bytes) + kRecordOverhead;
    if (element.bytes.size() > most) {
      add(FaultKind::kLarge,
          "id " + std::to_string(element.id) + " takes " +
              human_bytes(static_cast<std::int64_t>(element.bytes.size())),
          element);
    }
  }

  void judge(const Besides& before, const Besides& after) {
    if (after.log_ttl == -1) add(FaultKind::kExpiry, "the log never expires");
    if (after.last_ttl == -1) add(FaultKind::kExpiry, "the last id never expires");
    if (after.bytes_ttl == -1) add(FaultKind::kExpiry, "the count of bytes never expires");
    if (!after.last) {
      add(FaultKind::kLast, "the last id is not remembered");
    } else if (*after.last < highest_) {
      add(FaultKind::kLast, "the last id is " + std::to_string(*after.last) + ", and there is a message " +
                                std::to_string(highest_));
    }
    for (Fault& fault : faults_) {  // a place that a message has needs no tombstone
      if (fault.kind == FaultKind::kForeign && ids_.count(fault.id) > 0) fault.id = 0;
    }
    const bool still = before.last == after.last && before.bytes == after.bytes;
    if (still && after.bytes && *after.bytes != bytes_) {
      add(FaultKind::kBytes,
          "the count says " + grouped(*after.bytes) + " bytes, and there are " + grouped(bytes_));
    }
    if (highest_ > after.newest_of_partition) {
      add(FaultKind::kAhead, "id " + std::to_string(highest_) + " is above the newest id of the store, " +
                                 std::to_string(after.newest_of_partition))
          .id = highest_;
    }
  }

  std::vector<Fault> judge_orphan(const Besides& besides) {
    if (besides.bytes) add(FaultKind::kOrphan, "a count of bytes is left of a log that is gone");
    if (besides.last_ttl == -1) add(FaultKind::kExpiry, "the last id never expires");
    return std::move(faults_);
  }

  Stored& stored_;
  const LogName& name_;
  std::vector<Fault> faults_;
  std::set<MessageId> ids_;
  std::int64_t elements_ = 0, markers_ = 0, bytes_ = 0;
  MessageId highest_ = 0;
};

bool same(const Fault& a, const Fault& b) {
  return a.kind == b.kind && a.says == b.says && a.element == b.element;
}

// An element out of place, by itself.
std::optional<redis::ScriptCall> mending_of(const redis::Keyspace& keys, const Fault& fault,
                                            std::string& says) {
  switch (fault.kind) {
    case FaultKind::kForeign:
      says = "removed";
      if (fault.id == 0) return redis::drop_call(keys, fault.channel, fault.element);
      return redis::bury_call(keys, fault.channel, fault.element, fault.id);
    case FaultKind::kTwice:
      says = "removed one of them";
      return redis::drop_call(keys, fault.channel, fault.element);
    case FaultKind::kScore:
      says = "given its id as score";
      return redis::rescore_call(keys, fault.channel, fault.element, fault.id);
    case FaultKind::kAhead:
      says = "the store's newest id was moved up";
      return redis::begin_call(keys, fault.id, fault.id);
    default:
      return {};
  }
}

// Mended together, by one script that looks at the whole log.
bool is_settled(FaultKind kind) {
  return kind == FaultKind::kMarker || kind == FaultKind::kExpiry || kind == FaultKind::kLast ||
         kind == FaultKind::kBytes || kind == FaultKind::kOrphan;
}

}  // namespace

std::string_view name_of(FaultKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

Outcome<std::vector<Fault>> find_faults(Stored& stored, const LogName& name) {
  auto first = Look(stored, name).run();
  if (!first || first->empty()) return first;
  auto second = Look(stored, name).run();
  if (!second) return second;
  std::erase_if(*second, [&](const Fault& fault) {
    return std::none_of(first->begin(), first->end(), [&](const Fault& other) { return same(fault, other); });
  });
  return second;
}

Outcome<void> mend(Stored& stored, std::vector<Fault>& faults) {
  bool settles = false;
  for (Fault& fault : faults) {
    settles = settles || fault.is_wrong();
    const std::uint32_t partition = stored.partition_of(fault.channel);
    std::string says;
    auto call = mending_of(stored.keys(partition), fault, says);
    if (!call) continue;
    stored.run(partition, call->script, std::move(call->keys), std::move(call->arguments),
               [&fault, says](const wire::RespValue& done) {
                 if (done.is_array() || done.integer() == 1) fault.mended = says;
               });
    if (const auto settled = stored.settle(); !settled) return settled.error();
  }
  if (!settles || faults.front().kind == FaultKind::kWrongType) return {};
  const std::string& channel = faults.front().channel;
  const std::uint32_t partition = stored.partition_of(channel);
  auto call = redis::settle_call(stored.keys(partition), channel, stored.keep_of(channel));
  stored.run(partition, call.script, std::move(call.keys), std::move(call.arguments));
  if (const auto settled = stored.settle(); !settled) return settled.error();
  for (Fault& fault : faults) {
    if (is_settled(fault.kind)) fault.mended = "set right";
  }
  return {};
}

}  // namespace relay::ctl
