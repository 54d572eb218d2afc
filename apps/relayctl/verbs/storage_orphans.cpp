#include "verbs/storage_orphans.hpp"

#include <set>

#include "base/text.hpp"
#include "cli/human.hpp"
#include "storage/redis/backlog_edit.hpp"
#include "storage/redis/instance_purge.hpp"
#include "storage/redis/scripts.hpp"
#include "stored.hpp"
#include "stored_keys.hpp"

namespace relay::ctl {
namespace {

struct Orphan {
  enum class Why { kNoLog, kNeverExpires, kNoInstance, kNotHeld, kForeign } why;
  std::string key;
  KeyName name;
  std::string member;  // of a set
  std::string done;
};

std::string_view says(Orphan::Why why) {
  switch (why) {
    case Orphan::Why::kNoLog:
      return "the log it counts is gone";
    case Orphan::Why::kNeverExpires:
      return "it should expire and never does";
    case Orphan::Why::kNoInstance:
      return "its instance is not in the registry";
    case Orphan::Why::kNotHeld:
      return "no instance answers for this client";
    case Orphan::Why::kForeign:
      return "it begins as relay's keys do and is none of them";
  }
  return {};
}

bool expires(KeyKind kind) {
  return kind == KeyKind::kLog || kind == KeyKind::kLast || kind == KeyKind::kBytes ||
         kind == KeyKind::kIdempotency || kind == KeyKind::kInstance || kind == KeyKind::kLease;
}

const redis::Script& member_script() {
  static const redis::Script script(redis::kPresenceOrphanScript);
  return script;
}

// "<id>:<client>" of a channel's presence, as the field of P:held:<id> that stands for it.
struct Holder {
  std::string instance;
  std::string field;
};
Holder holder_of(const std::string& member, const std::string& channel) {
  const auto colon = member.rfind(':');
  if (colon == member.npos) return {member, "|" + channel};
  return {member.substr(0, colon), member.substr(colon + 1) + "|" + channel};
}

class Search {
 public:
  explicit Search(Stored& stored) : stored_(stored) {}

  Outcome<std::vector<Orphan>> run() {
    const auto walked =
        walk_keys(stored_, [this](const std::string& key, const KeyName& name) { look_at(key, name); });
    if (!walked) return walked.error();
    for (const auto& [key, name] : subs_) {
      if (const auto looked = look_at_members(key, name); !looked) return looked.error();
    }
    return std::move(found_);
  }

 private:
  void look_at(const std::string& key, const KeyName& name) {
    if (name.kind == KeyKind::kForeign) {
      found_.push_back({Orphan::Why::kForeign, key, name, {}, {}});
      return;
    }
    const redis::Keyspace& keys = stored_.keys(name.partition);
    if (expires(name.kind)) {
      ask(Orphan::Why::kNeverExpires, key, name, {"PTTL", key},
          [](const wire::RespValue& left) { return left.integer() == -1; });
    }
    if (name.kind == KeyKind::kBytes) {
      ask(Orphan::Why::kNoLog, key, name, {"EXISTS", keys.log(name.rest)},
          [](const wire::RespValue& there) { return there.integer() == 0; });
    }
    if (name.kind == KeyKind::kHeld) {
      ask(Orphan::Why::kNoInstance, key, name, {"ZSCORE", keys.instances(), name.rest},
          [](const wire::RespValue& beat) { return beat.is_nil(); });
    }
    if (name.kind == KeyKind::kSubs) subs_.emplace_back(key, name);
  }

  void ask(Orphan::Why why, const std::string& key, const KeyName& name, std::vector<std::string> words,
           bool (*is_orphan)(const wire::RespValue&)) {
    stored_.ask(name.partition, std::move(words),
                [this, why, key, name, is_orphan](const wire::RespValue& value) {
                  if (is_orphan(value)) found_.push_back({why, key, name, {}, {}});
                });
  }

  Outcome<void> look_at_members(const std::string& key, const KeyName& name) {
    std::string cursor = "0";
    std::set<std::string> members;
    do {
      stored_.ask(name.partition, {"SSCAN", key, cursor, "COUNT", "500"}, [&](const wire::RespValue& answer) {
        if (answer.size() != 2) return;
        cursor = answer[0].text();
        const wire::RespValue some = answer[1];
        for (std::size_t i = 0; i < some.size(); ++i) members.emplace(some[i].text());
      });
      if (const auto settled = stored_.settle(); !settled) return settled.error();
    } while (cursor != "0");
    for (const std::string& member : members) {
      const Holder holder = holder_of(member, name.rest);
      stored_.ask(name.partition,
                  {"HEXISTS", stored_.keys(name.partition).held(holder.instance), holder.field},
                  [this, key, name, member](const wire::RespValue& held) {
                    if (held.integer() == 0) found_.push_back({Orphan::Why::kNotHeld, key, name, member, {}});
                  });
      if (const auto settled = stored_.settle(500); !settled) return settled.error();
    }
    return stored_.settle();
  }

  Stored& stored_;
  std::vector<Orphan> found_;
  std::vector<std::pair<std::string, KeyName>> subs_;
};

void run_script(Stored& stored, std::uint32_t partition, redis::ScriptCall call, Orphan& orphan,
                std::string done) {
  stored.run(partition, call.script, std::move(call.keys), std::move(call.arguments),
             [&orphan, done = std::move(done)](const wire::RespValue&) { orphan.done = done; });
}

// Looks again in the step that removes: what has come to life meanwhile is spared.
Outcome<void> remove(Stored& stored, Orphan& orphan) {
  const std::uint32_t partition = orphan.name.partition;
  const redis::Keyspace& keys = stored.keys(partition);
  const std::string& rest = orphan.name.rest;
  const KeyKind kind = orphan.name.kind;
  switch (orphan.why) {
    case Orphan::Why::kForeign:
      return {};
    case Orphan::Why::kNoLog:
      run_script(stored, partition, redis::settle_call(keys, rest, stored.keep_of(rest)), orphan, "removed");
      break;
    case Orphan::Why::kNeverExpires:
      if (kind == KeyKind::kLog || kind == KeyKind::kLast || kind == KeyKind::kBytes) {
        run_script(stored, partition, redis::settle_call(keys, rest, stored.keep_of(rest)), orphan,
                   "expires now");
      } else {
        const Milliseconds kept = kind == KeyKind::kInstance ? redis::kInstanceKept
                                  : kind == KeyKind::kLease  ? redis::kLease
                                                             : hub::kIdempotencyWindow;
        stored.ask(partition, {"PEXPIRE", orphan.key, std::to_string(kept.count())},
                   [&orphan](const wire::RespValue&) { orphan.done = "expires now"; });
      }
      break;
    case Orphan::Why::kNoInstance: {
      redis::PurgeTarget target;
      target.partition = partition;
      target.instance = rest;
      target.dead_after = stored.options().instance.dead_after;
      bool over = false;
      redis::purge_all(stored.store(), target, stored.timeout(), [&](const Result<redis::PurgeStep>& step) {
        if (step && step->complete) orphan.done = "removed";
        over = true;
      });
      stored.turn_until([&] { return over; });
      break;
    }
    case Orphan::Why::kNotHeld: {
      const Holder holder = holder_of(orphan.member, rest);
      run_script(stored, partition,
                 {member_script(), {orphan.key, keys.held(holder.instance)}, {orphan.member, holder.field}},
                 orphan, "removed");
      break;
    }
  }
  return stored.settle();
}

Json row_of(const Orphan& orphan) {
  return {{"key", repair_utf8(orphan.key)},
          {"kind", name_of(orphan.name.kind)},
          {"why", says(orphan.why)},
          {"member", orphan.member.empty() ? Json() : Json(repair_utf8(orphan.member))},
          {"done", orphan.done.empty() ? Json() : Json(orphan.done)}};
}

// How many there are that --delete would take care of and has not.
Outcome<std::int64_t> orphans(Context& context) {
  auto stored = Stored::connect(context);
  if (!stored) return stored.error();
  auto found = Search(**stored).run();
  if (!found) return found.error();
  std::int64_t ours = 0;
  for (const Orphan& orphan : *found) ours += orphan.why == Orphan::Why::kForeign ? 0 : 1;
  if (context.arguments.has("--delete") && ours > 0) {
    const auto answer = context.console.ask(
        counted(ours, "orphan") + " will be removed, or made to expire; foreign keys are left alone",
        "Go on?");
    if (!answer) return answer.error();
    for (Orphan& orphan : *found) {
      if (*answer != Answer::kYes) break;
      if (const auto removed = remove(**stored, orphan); !removed) return removed.error();
    }
  }
  std::vector<Json> rows;
  for (const Orphan& orphan : *found) {
    rows.push_back(row_of(orphan));
    ours -= orphan.done.empty() ? 0 : 1;
  }
  if (const auto shown = context.output.rows(context.columns(), std::move(rows)); !shown)
    return shown.error();
  return ours;
}

}  // namespace

Form storage_orphans_form() {
  return {.flags = {{"--delete", "", "remove them, or make them expire"}},
          .text =
              "Keys without an expiry or an owner. Foreign keys (that begin with the prefix and are not "
              "relay's, or are of\n"
              "another number of partitions) are told and never touched. Ends with 1 while orphans of "
              "relay's own are left.\n",
          .columns = {{"key", "KEY", Kind::kText, Show::kAlways, "its name"},
                      {"kind", "KIND", Kind::kText, Show::kAlways, "as relay-redis(7) names it"},
                      {"why", "WHY", Kind::kText, Show::kAlways, "what is wrong with it"},
                      {"member", "MEMBER", Kind::kText, Show::kAlways, "the one that is meant, of a set"},
                      {"done", "DONE", Kind::kText, Show::kAlways, "what was done; null: nothing"}}};
}
int storage_orphans(Context& context) {
  const auto left = orphans(context);
  if (!left) return context.fail(left.error());
  return *left > 0 ? exit_code::kNo : exit_code::kOk;
}

}  // namespace relay::ctl
