#include "storage/redis/instance_purge.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>

#include "base/ids.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {

using wire::RespValue;

constexpr int kStepsPerRenewal = 16;

const Script& purge_script() {
  static const Script script(kInstancePurgeScript);
  return script;
}

const Script& lease_script() {
  static const Script script(kLeaseScript);
  return script;
}

std::string_view word_of(PurgeMode mode) {
  return mode == PurgeMode::kDead ? "dead" : mode == PurgeMode::kWipe ? "wipe" : "retire";
}

PurgeStep parse_step(const std::string& instance, const RespValue& answer) {
  PurgeStep step;
  if (answer.size() < 2) return step;
  step.allowed = true;
  step.removed = static_cast<std::uint64_t>(answer[0].integer());
  step.complete = answer[1].integer() == 1;
  for (std::size_t i = 2; i + 1 < answer.size(); i += 2) {
    step.heard.push_back(parse_held(instance, answer[i].text(), answer[i + 1].text()));
  }
  return step;
}

void take_lease(Executor& executor, const std::string& token, Milliseconds hold, Milliseconds timeout,
                std::function<void(Result<bool>)> done) {
  executor.call(
      0, lease_script(), {executor.keys(0).purge_lease()}, {token, std::to_string(hold.count())},
      [done = std::move(done)](const Reply& reply) {
        if (auto error = call_error(reply)) return done(*error);
        done(reply.value->integer() == 1);
      },
      timeout);
}

// One run of purge_dead(). Keeps itself alive by the callbacks under way.
class Purge : public std::enable_shared_from_this<Purge> {
 public:
  using Done = std::function<void(PurgeReport)>;
  Purge(Executor& executor, PurgeSettings settings, Done done)
      : executor_(executor), settings_(std::move(settings)), done_(std::move(done)), token_(random_hex(8)) {}

  void start() {
    looking_ = executor_.partitions();
    for (std::uint32_t i = 0; i < executor_.partitions(); ++i) {
      ListQuery query;
      query.partition = i;
      query.silent_for = settings_.dead_after;
      list_instances(executor_, query, settings_.timeout,
                     [self = shared_from_this(), i](auto found) { self->on_found(i, std::move(found)); });
    }
  }

 private:
  struct Unit {
    std::uint32_t partition;
    std::string instance;
  };

  bool wanted(const std::string& instance) const {
    if (instance == settings_.except) return false;
    const auto& only = settings_.only;
    return only.empty() || std::find(only.begin(), only.end(), instance) != only.end();
  }

  void on_found(std::uint32_t partition, Result<std::vector<Sighting>> found) {
    if (!found) {
      failure_ = found.error();
    } else {
      for (const Sighting& sighting : *found) {
        if (!wanted(sighting.status.id)) continue;
        Purged& purged = purged_[sighting.status.id];
        purged.instance = sighting.status.id;
        purged.listed = purged.listed || partition == 0;
        purged.silent_ms = std::max(purged.silent_ms, sighting.silent_ms);
        units_.push_back({partition, sighting.status.id});
      }
    }
    if (--looking_ > 0) return;
    if (units_.empty()) return finish();
    // The instance's own description, in partition 0, goes last: it says to people whose entries these are.
    std::stable_partition(units_.begin(), units_.end(), [](const Unit& unit) { return unit.partition != 0; });
    take_lease(executor_, token_, kLease, settings_.timeout, [self = shared_from_this()](Result<bool> mine) {
      if (!mine) return self->fail(mine.error());
      self->leased_ = *mine;
      *mine ? self->next() : self->finish();
    });
  }

  void next() {
    if (units_.empty()) return finish();
    if (steps_ >= kStepsPerRenewal) return renew();
    ++steps_;
    PurgeTarget target;
    target.partition = units_.front().partition;
    target.instance = units_.front().instance;
    target.dead_after = settings_.dead_after;
    purge_step(executor_, target, settings_.timeout,
               [self = shared_from_this()](Result<PurgeStep> step) { self->on_step(std::move(step)); });
  }

  void renew() {
    steps_ = 0;
    take_lease(executor_, token_, kLease, settings_.timeout, [self = shared_from_this()](Result<bool> mine) {
      if (!mine) return self->fail(mine.error());
      *mine ? self->next() : self->finish();  // whoever has it now goes on
    });
  }

  void on_step(Result<PurgeStep> step) {
    if (!step) return fail(step.error());
    Purged& purged = purged_[units_.front().instance];
    purged.entries += step->removed;
    purged.revived = purged.revived || !step->allowed;
    for (HeldEntry& entry : step->heard) heard_.push_back(std::move(entry));
    if (step->complete || !step->allowed) units_.pop_front();
    next();
  }

  void fail(const Error& error) {
    failure_ = error;
    finish();
  }

  void finish() {
    if (std::exchange(leased_, false)) {
      return take_lease(executor_, token_, Milliseconds{0}, settings_.timeout,
                        [self = shared_from_this()](const Result<bool>&) { self->finish(); });
    }
    PurgeReport report;
    report.failure = failure_;
    report.elsewhere = !failure_ && !units_.empty();
    report.heard = std::move(heard_);
    for (auto& [id, purged] : purged_) {
      const auto is_its = [&id](const Unit& unit) { return unit.instance == id; };
      purged.complete = !purged.revived && std::none_of(units_.begin(), units_.end(), is_its);
      if (purged.complete || purged.revived || purged.entries > 0)
        report.instances.push_back(std::move(purged));
    }
    done_(std::move(report));
  }

  Executor& executor_;
  const PurgeSettings settings_;
  const Done done_;
  const std::string token_;
  std::uint32_t looking_ = 0;
  std::deque<Unit> units_;
  std::map<std::string, Purged> purged_;
  std::vector<HeldEntry> heard_;
  std::optional<Error> failure_;
  bool leased_ = false;
  int steps_ = 0;
};

}  // namespace

void purge_step(Executor& executor, const PurgeTarget& target, Milliseconds timeout,
                std::function<void(Result<PurgeStep>)> done) {
  const Keyspace& keys = executor.keys(target.partition);
  std::vector<std::string> names = {keys.instances(), keys.held(target.instance)};
  if (target.partition == 0) names.push_back(keys.instance(target.instance));
  const bool dead = target.mode == PurgeMode::kDead;
  executor.call(
      target.partition, purge_script(), std::move(names),
      {target.instance, std::string(word_of(target.mode)),
       dead ? std::to_string(target.dead_after.count()) : target.token, std::to_string(kPurgeBatch),
       keys.subs_prefix(), std::string(keys.numsub()), keys.presence_topic_prefix()},
      [instance = target.instance, done = std::move(done)](const Reply& reply) {
        if (auto error = call_error(reply)) return done(*error);
        done(parse_step(instance, *reply.value));
      },
      timeout);
}

void purge_dead(Executor& executor, PurgeSettings settings, std::function<void(PurgeReport)> done) {
  std::make_shared<Purge>(executor, std::move(settings), std::move(done))->start();
}

void purge_all(Executor& executor, const PurgeTarget& target, Milliseconds timeout,
               std::function<void(Result<PurgeStep>)> done) {
  auto sum = std::make_shared<PurgeStep>();
  auto again = std::make_shared<std::function<void()>>();
  *again = [&executor, target, timeout, sum, done = std::move(done), self = std::weak_ptr(again)] {
    purge_step(executor, target, timeout, [sum, done, again = self.lock()](Result<PurgeStep> step) {
      if (!step) return done(step.error());
      sum->allowed = step->allowed;
      sum->complete = step->complete;
      sum->removed += step->removed;
      for (HeldEntry& entry : step->heard) sum->heard.push_back(std::move(entry));
      if (step->complete || !step->allowed) return done(std::move(*sum));
      (*again)();
    });
  };
  (*again)();
}

}  // namespace relay::redis
