#include "storage/redis/instance_registry.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {

using metrics::Counter;
using metrics::Gauge;

constexpr std::size_t kBatch = 200;
constexpr int kTicksPerRetry = 10;
constexpr Milliseconds kRetireTimeout{1'000};

const Script& beat_script() {
  static const Script script(kInstanceBeatScript);
  return script;
}
const Script& update_script() {
  static const Script script(kPresenceUpdateScript);
  return script;
}
const Script& read_script() {
  static const Script script(kPresenceReadScript);
  return script;
}

}  // namespace

template <class Work>
auto InstanceRegistry::guarded(Work work) {
  return [alive = std::weak_ptr<int>(alive_), work = std::move(work)](auto&&... arguments) {
    if (!alive.expired()) work(std::forward<decltype(arguments)>(arguments)...);
  };
}

InstanceRegistry::InstanceRegistry(Executor& executor, RegistrySettings settings, hub::RegistryEvents& events,
                                   metrics::LoopMetrics& metrics)
    : executor_(executor),
      settings_(std::move(settings)),
      events_(events),
      metrics_(metrics),
      token_(random_hex(8)),
      partitions_(executor.partitions()) {}

InstanceRegistry::~InstanceRegistry() = default;

void InstanceRegistry::beat(hub::InstanceStatus status) {
  status_ = std::move(status);
  has_status_ = true;
  if (retired_) return;
  if (beating_ > 0) {
    beat_again_ = true;
    return;
  }
  wants_beat_ = beat_again_ = false;
  metrics_.add(Counter::kHeartbeats);
  beating_ = executor_.partitions();
  for (std::uint32_t i = 0; i < executor_.partitions(); ++i) beat_in(i);
}

void InstanceRegistry::beat_in(std::uint32_t number) {
  const Keyspace& keys = executor_.keys(number);
  std::vector<std::string> names = {keys.instances(), keys.held(settings_.instance)};
  std::vector<std::string> arguments = {settings_.instance, token_};
  if (number == 0) {
    names.push_back(keys.instance(settings_.instance));
    arguments.push_back(std::to_string(kInstanceKept.count()));
    arguments.push_back(keys.heartbeat_topic(settings_.instance));
    arguments.push_back(status_json(status_));
    for (auto& [field, value] : status_fields(status_)) {
      arguments.push_back(std::move(field));
      arguments.push_back(std::move(value));
    }
  }
  executor_.call(number, beat_script(), std::move(names), std::move(arguments),
                 guarded([this, number](const Reply& reply) { on_beat(number, reply); }), settings_.timeout);
}

void InstanceRegistry::on_beat(std::uint32_t number, const Reply& reply) {
  if (call_error(reply)) {
    wants_beat_ = true;
  } else if (partitions_[number].state == State::kSilent) {
    wipe(number);
  } else if (const std::string_view known = reply.value->text(); known != token_) {
    on_other_token(number, known);
  }
  if (--beating_ == 0) on_beats_over();
}

// An empty one: others purged this instance, or the data was lost. Another: a second process of this id, for
// what an earlier process left was overwritten with the first beat. Wiping would take the other one's clients
// away.
void InstanceRegistry::on_other_token(std::uint32_t number, std::string_view known) {
  partitions_[number].needs_refill = true;
  if (known.empty()) return wipe(number);
  if (number != 0) return;
  metrics_.add(Counter::kInstanceIdConflicts);
  log::error("instance.id_conflict",
             "another process has the id of this instance; give each its own (instance.id)",
             {{"id", settings_.instance}, {"host", status_.host}});
}

void InstanceRegistry::on_beats_over() {
  const std::uint64_t refill = refills_ + 1;
  bool any = false;
  for (Partition& partition : partitions_) {
    if (!partition.needs_refill || partition.state == State::kSilent) continue;
    partition.needs_refill = false;
    partition.refill = refill;
    any = true;
  }
  if (any) {
    refills_ = refill;
    log::info("instance.reentered", "the store had lost this instance's presence; it is entered anew");
    events_.on_lost(refill);
  }
  if (beat_again_) beat(std::move(status_));
}

void InstanceRegistry::wipe(std::uint32_t number) {
  partitions_[number].state = State::kWiping;
  PurgeTarget target;
  target.partition = number;
  target.instance = settings_.instance;
  target.mode = PurgeMode::kWipe;
  target.token = token_;
  purge_all(executor_, target, settings_.timeout, guarded([this, number](Result<PurgeStep> step) {
              const bool wiped = step && step->complete;
              partitions_[number].state = wiped ? State::kOpen : State::kSilent;
              wants_beat_ = wants_beat_ || !wiped;
              if (step) tell(step->heard);
              if (wiped) flush(number);
            }));
}

void InstanceRegistry::update(std::vector<hub::PresenceChange> changes) {
  if (retired_) return;
  for (const hub::PresenceChange& change : changes)
    enter(executor_.partition_of(change.channel.view()), change);
  if (pending_ > settings_.max_pending) drop_pending();
  count_pending();
}

void InstanceRegistry::refill(std::uint64_t token, std::vector<hub::PresenceChange> everybody) {
  if (retired_) return;
  for (const hub::PresenceChange& change : everybody) {
    const std::uint32_t number = executor_.partition_of(change.channel.view());
    if (partitions_[number].refill == token) enter(number, change);
  }
  count_pending();
}

void InstanceRegistry::enter(std::uint32_t number, const hub::PresenceChange& change) {
  const auto [at, added] =
      partitions_[number].pending.insert_or_assign(held_field(change), held_value(change));
  if (added) ++pending_;
}

void InstanceRegistry::drop_pending() {
  metrics_.add(Counter::kPresenceOverflows);
  log::warning("instance.presence_overflow",
               "too many joins and leaves wait for the store; presence will be entered anew",
               {{"pending", pending_}});
  for (Partition& partition : partitions_) {
    partition.pending.clear();
    partition.state = State::kSilent;
    partition.needs_refill = true;
  }
  pending_ = 0;
  wants_beat_ = true;
}

void InstanceRegistry::tick() {
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) flush(i);
  if (++ticks_ % kTicksPerRetry == 0 && wants_beat_ && has_status_) beat(std::move(status_));
}

void InstanceRegistry::flush(std::uint32_t number) {
  Partition& partition = partitions_[number];
  if (partition.state != State::kOpen || partition.updating || partition.pending.empty() || retired_) return;
  const Keyspace& keys = executor_.keys(number);
  auto batch = std::make_shared<Changes>();
  std::vector<std::string> order;
  std::vector<std::string> names = {keys.held(settings_.instance)};
  std::vector<std::string> arguments = {settings_.instance, token_, std::string(keys.numsub()),
                                        keys.presence_topic_prefix()};
  while (!partition.pending.empty() && batch->size() < kBatch) {
    auto change = partition.pending.extract(partition.pending.begin());
    order.push_back(change.key());
    names.push_back(keys.subs(std::string_view(change.key()).substr(change.key().find('|') + 1)));
    arguments.push_back(change.key());
    arguments.push_back(change.mapped());
    batch->insert(std::move(change));
  }
  pending_ -= batch->size();
  partition.updating = true;
  executor_.call(number, update_script(), std::move(names), std::move(arguments),
                 guarded([this, number, batch, order = std::move(order)](const Reply& reply) {
                   on_update(number, batch, order, reply);
                 }),
                 settings_.timeout);
}

// What failed waits for the next tick, unless something newer is said of the same client by then.
void InstanceRegistry::on_update(std::uint32_t number, const std::shared_ptr<Changes>& batch,
                                 const std::vector<std::string>& order, const Reply& reply) {
  Partition& partition = partitions_[number];
  partition.updating = false;
  const bool failed = call_error(reply).has_value();
  const bool refused = !failed && (reply.value->size() == 0 || (*reply.value)[0].integer() != 0);
  if (failed || refused) {
    const std::size_t before = partition.pending.size();
    partition.pending.merge(*batch);
    pending_ += partition.pending.size() - before;
    wants_beat_ = wants_beat_ || refused;
    return count_pending();
  }
  for (std::size_t i = 1; i < reply.value->size(); ++i) {
    const std::string& field = order[static_cast<std::size_t>((*reply.value)[i].integer())];
    const HeldEntry entry = parse_held(settings_.instance, field, batch->at(field));
    events_.on_present(entry.who, entry.channel, !batch->at(field).empty());
  }
  count_pending();
  flush(number);
}

void InstanceRegistry::sweep() {
  if (std::exchange(sweeping_, true) || retired_) return;
  PurgeSettings purge;
  purge.dead_after = settings_.dead_after;
  purge.timeout = settings_.timeout;
  purge.except = settings_.instance;
  purge_dead(executor_, std::move(purge),
             guarded([this](PurgeReport report) { on_purged(std::move(report)); }));
}

void InstanceRegistry::on_purged(PurgeReport report) {
  sweeping_ = false;
  for (const Purged& purged : report.instances) {
    metrics_.add(Counter::kInstancesPurged, purged.complete && purged.listed ? 1 : 0);
    metrics_.add(Counter::kPresencePurged, static_cast<std::int64_t>(purged.entries));
    if (purged.revived) {
      log::info("instance.revived", "a silent instance lives again and was not purged",
                {{"id", purged.instance}, {"entries_removed", purged.entries}});
    } else if (purged.complete && (purged.listed || purged.entries > 0)) {
      log::info("instance.purged", "removed what a dead instance left",
                {{"id", purged.instance}, {"entries", purged.entries}, {"silent_ms", purged.silent_ms}});
    }
  }
  tell(report.heard);
  count_instances();
}

void InstanceRegistry::count_instances() {
  instances(guarded([this](Result<std::vector<hub::Instance>> found) {
    if (!found) return;
    const auto alive =
        std::count_if(found->begin(), found->end(), [](const hub::Instance& one) { return one.alive; });
    metrics_.set(Gauge::kInstances, alive);
  }));
}

void InstanceRegistry::retire(std::function<void()> done) {
  retired_ = true;
  auto missing = std::make_shared<std::size_t>(partitions_.size());
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
    PurgeTarget target;
    target.partition = i;
    target.instance = settings_.instance;
    target.mode = PurgeMode::kRetire;
    target.token = token_;
    purge_all(executor_, target, std::min(settings_.timeout, kRetireTimeout),
              [this, alive = std::weak_ptr<int>(alive_), missing, done](Result<PurgeStep> step) {
                if (step && !alive.expired()) tell(step->heard);
                if (--*missing == 0) done();
              });
  }
}

struct InstanceRegistry::Asking {
  std::string channel;
  std::uint32_t limit;
  std::function<void(Result<hub::PresenceAnswer>)> done;
  hub::PresenceAnswer answer;
  std::unordered_set<std::string> seen;
};

void InstanceRegistry::presence(std::string_view channel, std::uint32_t limit,
                                std::function<void(Result<hub::PresenceAnswer>)> done) {
  auto it = std::make_shared<Asking>();
  it->channel = channel;
  it->limit = limit;
  it->done = std::move(done);
  ask_page(it, "0");
}

void InstanceRegistry::ask_page(const std::shared_ptr<Asking>& it, const std::string& cursor) {
  const std::uint32_t number = executor_.partition_of(it->channel);
  const Keyspace& keys = executor_.keys(number);
  executor_.call(
      number, read_script(), {keys.subs(it->channel), keys.instances()},
      {it->channel, settings_.instance, std::to_string(settings_.dead_after.count()), keys.held_prefix(),
       cursor, "500"},
      guarded([this, it](const Reply& reply) {
        if (auto error = call_error(reply)) return it->done(*error);
        const wire::RespValue& page = *reply.value;
        if (page.size() < 2)
          return it->done(make_error(ErrorKind::kUnavailable, "storage_error", "a strange answer"));
        it->answer.entries = static_cast<std::uint64_t>(page[1].integer());
        for (std::size_t i = 2; i + 2 < page.size(); i += 3) {
          hub::Present who = parse_present(page[i].text(), page[i + 1].text(), page[i + 2].text());
          if (it->seen.insert(who.client_id).second) it->answer.others.push_back(std::move(who));
        }
        const std::string next(page[0].text());
        it->answer.all = next == "0" && it->answer.others.size() <= it->limit;
        if (next != "0" && it->answer.others.size() < it->limit) return ask_page(it, next);
        if (it->answer.others.size() > it->limit) it->answer.others.resize(it->limit);
        it->done(std::move(it->answer));
      }),
      std::min(settings_.timeout, kAskTimeout));
}

void InstanceRegistry::instances(std::function<void(Result<std::vector<hub::Instance>>)> done) {
  ListQuery query;
  query.with_status = true;
  list_instances(
      executor_, query, std::min(settings_.timeout, kAskTimeout),
      [dead_after = settings_.dead_after, done = std::move(done)](Result<std::vector<Sighting>> found) {
        if (!found) return done(found.error());
        std::vector<hub::Instance> all;
        for (Sighting& sighting : *found) {
          const bool alive = sighting.silent_ms < dead_after.count();
          all.push_back({std::move(sighting.status), sighting.heard_ms, sighting.silent_ms, alive});
        }
        done(std::move(all));
      });
}

void InstanceRegistry::knows(std::string_view instance, std::function<void(Result<bool>)> done) {
  executor_.command(
      0, {"ZSCORE", executor_.keys(0).instances(), std::string(instance)},
      [done = std::move(done)](const Reply& reply) {
        if (auto error = call_error(reply)) return done(*error);
        done(!reply.value->is_nil());
      },
      std::min(settings_.timeout, kAskTimeout));
}

void InstanceRegistry::tell(const std::vector<HeldEntry>& left) {
  for (const HeldEntry& entry : left) events_.on_present(entry.who, entry.channel, false);
}

void InstanceRegistry::count_pending() {
  metrics_.set(Gauge::kPresencePending, static_cast<std::int64_t>(pending_));
}

}  // namespace relay::redis
