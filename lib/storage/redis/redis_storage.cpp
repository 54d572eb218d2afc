#include "storage/redis/redis_storage.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace relay::redis {
namespace {

constexpr Milliseconds kTick{100};
constexpr int kProbesPerInterval = 2;
constexpr int kMissesAllowed = 2 * kProbesPerInterval - 1;  // the freeze may begin right after a probe

CommandLink::Events command_events(std::function<void()> ready, std::function<void(const std::string&)> lost) {
  return {std::move(ready), std::move(lost)};
}

}  // namespace

RedisStorage::RedisStorage(net::IoLoop& loop, RedisSettings settings, metrics::LoopMetrics& metrics)
    : loop_(loop),
      settings_(std::move(settings)),
      keys_(settings_.prefix),
      metrics_(metrics),
      command_(loop, settings_, keys_,
               command_events([this] { on_link_ready(); }, [this](const std::string& why) { fail(why); })),
      bus_(loop, settings_, keys_,
           {[this] { on_link_ready(); }, [this] { on_whole(); }, [this](const std::string& why) { on_bus_lost(why); },
            [this](hub::DeliveryPtr delivery) {
              command_.saw(delivery->message().id);
              events().on_announced(std::move(delivery));
            },
            [this] { on_probe(); }}),
      tick_timer_(loop.context()),
      connect_timer_(loop.context()),
      jitter_(std::random_device{}()) {
  health_.name = node_name(settings_);
  health_.reason = "not started";
}

RedisStorage::~RedisStorage() = default;

void RedisStorage::start() {
  set_health(false, "connecting");
  connect();
  schedule_tick();
}

void RedisStorage::stop() {
  if (state_ == State::kStopped) return;
  state_ = State::kStopped;
  set_health(false, "stopped");
  tick_timer_.cancel();
  connect_timer_.cancel();
  close_links();
  bus_.give_up(down());
  while (!waiting_reads_.empty()) {
    const auto read = std::move(waiting_reads_.front());
    waiting_reads_.pop_front();
    read->done(down());
  }
}

void RedisStorage::connect() {
  state_ = State::kConnecting;
  connecting_since_ = loop_.clock().steady();
  command_.open();
  bus_.open();
}

void RedisStorage::on_link_ready() {
  if (state_ != State::kConnecting || !command_.ready() || !bus_.ready()) return;
  state_ = State::kUp;
  if (bus_.whole()) on_whole();
}

void RedisStorage::on_whole() {
  if (state_ != State::kUp) return;  // on_link_ready() comes back here
  set_health(true, "");
  probes_missed_ = 0;
  probe_seen_ = true;
  last_proof_ = next_probe_ = loop_.clock().steady();
  if (std::exchange(interrupted_, false)) events().on_restored();
  issue_waiting_reads();
}

// The links are closed only after the state says so: what they answer may call back in here.
void RedisStorage::fail(const std::string& why) {
  if (state_ != State::kConnecting && state_ != State::kUp) return;
  state_ = State::kWaiting;
  set_health(false, why);
  schedule_connect();
  say_interrupted();
  close_links();
}

// Breaking again before it is whole is an ordinary failure.
void RedisStorage::on_bus_lost(const std::string& why) {
  if (state_ != State::kUp || !bus_.whole()) return fail(why);
  set_health(false, why);
  bus_.close();
  connecting_since_ = loop_.clock().steady();
  bus_.open();
  say_interrupted();
}

void RedisStorage::say_interrupted() {
  if (std::exchange(interrupted_, true)) return;
  metrics_.add(metrics::Counter::kStorageReconnects);
  events().on_interrupted();
}

void RedisStorage::close_links() {
  command_.close();
  bus_.close();
}

void RedisStorage::schedule_connect() {
  const auto cap = std::min<std::int64_t>(settings_.reconnect_max.count(),
                                          settings_.reconnect_min.count() << std::min(attempts_, 16));
  ++attempts_;
  std::uniform_int_distribution<std::int64_t> delay(0, std::max<std::int64_t>(cap, 1));
  connect_timer_.expires_after(Milliseconds(delay(jitter_)));
  connect_timer_.async_wait([this, alive = std::weak_ptr<int>(alive_)](boost::system::error_code error) {
    if (error || alive.expired() || state_ != State::kWaiting) return;
    connect();
  });
}

void RedisStorage::schedule_tick() {
  tick_timer_.expires_after(kTick);
  tick_timer_.async_wait([this, alive = std::weak_ptr<int>(alive_)](boost::system::error_code error) {
    if (error || alive.expired() || state_ == State::kStopped) return;
    schedule_tick();
    tick();
  });
}

void RedisStorage::tick() {
  const SteadyTime now = loop_.clock().steady();
  check_links(now);
  if (state_ == State::kUp && bus_.whole() && now >= next_probe_) probe(now);
  bus_.expire(now);
  expire_waiting_reads(now);
  metrics_.set(metrics::Gauge::kStoragePendingCommands, static_cast<std::int64_t>(command_.pending()));
  metrics_.set(metrics::Gauge::kStoragePendingBytes, static_cast<std::int64_t>(command_.unwritten_bytes()));
}

void RedisStorage::check_links(SteadyTime now) {
  if (state_ == State::kConnecting && now - connecting_since_ > settings_.connect_timeout) {
    return fail("no connection within " + std::to_string(settings_.connect_timeout.count()) + " ms");
  }
  if (state_ == State::kUp && !bus_.whole() && now - connecting_since_ > settings_.command_timeout) {
    return fail("subscriptions were not confirmed within " + std::to_string(settings_.command_timeout.count()) + " ms");
  }
  // Two ticks early, so that the answer is never late.
  const Milliseconds patience = std::min(settings_.command_timeout, settings_.publish_timeout) - 2 * kTick;
  if (state_ == State::kUp && command_.overdue(now, patience)) {
    fail("a command was not answered within " + std::to_string(patience.count()) + " ms");
  }
}

void RedisStorage::probe(SteadyTime now) {
  if (!probe_seen_ && ++probes_missed_ >= kMissesAllowed) {
    return fail("no answer to " + std::to_string(probes_missed_) + " probes: frozen or cut off");
  }
  probe_seen_ = false;
  next_probe_ = now + settings_.probe_interval / kProbesPerInterval;
  command_.probe(++probes_sent_);
}

void RedisStorage::on_probe() {
  probe_seen_ = true;
  probes_missed_ = 0;
  attempts_ = 0;
  last_proof_ = loop_.clock().steady();
}

void RedisStorage::append(hub::AppendRequest request, hub::AppendDone done) {
  if (state_ != State::kUp) return done(down());
  if (command_.full()) return done(queue_full());
  command_.append(std::move(request), [this, done = std::move(done), began = loop_.clock().steady()](auto appended) {
    const std::chrono::duration<double> took = loop_.clock().steady() - began;
    metrics_.observe(metrics::Histogram::kStorageCommandDuration, took.count());
    done(std::move(appended));
  });
}

void RedisStorage::read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) {
  if (state_ == State::kStopped) return done(down());
  if (command_.full() || waiting_reads_.size() >= settings_.max_pending_commands) return done(queue_full());
  const SteadyTime deadline = loop_.clock().steady() + settings_.command_timeout;
  issue(std::make_shared<Read>(Read{std::move(queries), std::move(done), deadline}));
}

// A read is safe to repeat, so it outlives a broken link as long as its deadline allows.
void RedisStorage::issue(std::shared_ptr<Read> read) {
  if (state_ != State::kUp || !bus_.whole()) return waiting_reads_.push_back(std::move(read));
  command_.read(read->queries, [this, read](Result<hub::ReadAnswer> answer) { on_read(read, std::move(answer)); });
}

void RedisStorage::on_read(const std::shared_ptr<Read>& read, Result<hub::ReadAnswer> answer) {
  const bool lost = !answer && answer.error().code == CommandLink::kLost;
  if (lost && state_ != State::kStopped) return waiting_reads_.push_back(read);
  read->done(std::move(answer));
}

void RedisStorage::issue_waiting_reads() {
  std::deque<std::shared_ptr<Read>> reads;
  reads.swap(waiting_reads_);
  for (auto& read : reads) issue(std::move(read));
}

// Reads that came back from a broken link may stand behind younger ones: look at all of them.
void RedisStorage::expire_waiting_reads(SteadyTime now) {
  std::vector<std::shared_ptr<Read>> expired;
  std::erase_if(waiting_reads_, [&](const std::shared_ptr<Read>& read) {
    const bool late = read->deadline - kTick <= now;
    if (late) expired.push_back(read);
    return late;
  });
  for (const auto& read : expired) read->done(down());
}

void RedisStorage::watch(hub::ChannelName channel, hub::WatchDone done) {
  if (state_ == State::kStopped) return done(down());
  bus_.watch(std::move(channel), std::move(done));
}

void RedisStorage::unwatch(const hub::ChannelName& channel) { bus_.unwatch(channel.view()); }

Error RedisStorage::queue_full() {
  metrics_.add(metrics::Counter::kStorageQueueFull);
  return make_error(ErrorKind::kUnavailable, "storage_queue_full", "too many commands wait for Redis");
}

Error RedisStorage::down() const {
  return make_error(ErrorKind::kUnavailable, "storage_down", "Redis at " + health_.name + ": " + health_.reason);
}

// One log line when it goes and one when it comes, whatever number of attempts lies between.
void RedisStorage::set_health(bool up, const std::string& why) {
  if (up != health_.up || health_.since_ms == 0) {
    const std::int64_t now = loop_.clock().wall_ms();
    if (up) {
      log::info("storage.up", "Redis answers", {{"node", health_.name}, {"away_ms", now - health_.since_ms}});
    } else if (health_.up) {
      log::warning("storage.lost", "Redis is away; streams stay open, publishes are refused",
                   {{"node", health_.name}, {"reason", why}});
    }
    health_.up = up;
    health_.since_ms = now;
  }
  health_.reason = why;
}

std::vector<hub::NodeHealth> RedisStorage::health() const {
  hub::NodeHealth health = health_;
  if (health.up) {
    const auto age = loop_.clock().steady() - last_proof_;
    health.probe_age_ms = std::chrono::duration_cast<Milliseconds>(age).count();
  }
  return {health};
}

}  // namespace relay::redis
