#include "storage/redis/node.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/log.hpp"

namespace relay::redis {
namespace {

constexpr Milliseconds kTick{100};
constexpr int kUnnoticedTicks = 3;  // before an attempt is given up; doubled twice, and
constexpr int kRound = 4;           // one of so many, the first of all too, has all the time there is
constexpr int kProbesPerInterval = 4;
constexpr int kMissesAllowed = 5;
constexpr std::size_t kProbesRemembered = 16;
constexpr std::size_t kQueriesAtOnce = 1024;  // of a node, by one loop

CommandLink::Events command_events(std::function<void()> ready,
                                   std::function<void(const std::string&)> lost) {
  return {std::move(ready), std::move(lost)};
}

}  // namespace

Node::Node(net::IoLoop& loop, RedisSettings settings, NodeOwner& owner)
    : loop_(loop),
      settings_(std::move(settings)),
      owner_(owner),
      commands_(loop, settings_, "commands",
                command_events([this] { on_link_ready(); }, [this](const std::string& why) { fail(why); })),
      bus_(
          loop, settings_,
          {[this] { on_bus_open(); }, [this](const std::string& why) { on_bus_lost(why); },
           [this](std::string_view topic, std::string_view bytes) {
             owner_.on_bus_message(*this, topic, bytes);
           },
           [this](BusLink::Asker asker, std::string_view topic) { owner_.on_confirmed(*this, asker, topic); },
           [this](BusLink::Asker asker, std::string_view error) { owner_.on_refused(*this, asker, error); },
           [this](std::string_view topic) { owner_.on_dropped(*this, topic); }}),
      connect_timer_(loop.context()),
      jitter_(std::random_device{}()) {
  if (settings_.min_replicas > 0) {
    writes_ = std::make_unique<CommandLink>(
        loop, settings_, "writes",
        command_events([this] { on_link_ready(); }, [this](const std::string& why) { fail(why); }));
  }
  health_.name = node_name(settings_);
  health_.reason = "not started";
}

Node::~Node() = default;

void Node::start() {
  set_health(false, "connecting");
  told_away_ = false;
  connect();
}

void Node::stop() {
  state_ = State::kStopped;
  set_health(false, "stopped");
  connect_timer_.cancel();
  close_links();
}

void Node::connect() {
  state_ = State::kConnecting;
  connecting_since_ = loop_.clock().steady();
  unnoticed_ticks_ = 0;
  commands_.open();
  if (writes_) writes_->open();
  bus_.open();
}

void Node::on_link_ready() {
  if (state_ != State::kConnecting || !commands_.ready() || !bus_.is_open()) return;
  if (writes_ && !writes_->ready()) return;
  state_ = State::kUp;
  probes_missed_ = 0;
  probe_seen_ = true;
  bus_broke_ = false;
  probes_.clear();
  last_proof_ = next_probe_ = loop_.clock().steady();
  owner_.on_node_up(*this);
}

void Node::on_bus_open() {
  if (state_ == State::kConnecting) return on_link_ready();
  if (state_ == State::kUp) owner_.on_bus_up(*this);
}

// The links are closed only after the state says so: what they answer may call back in here.
void Node::fail(const std::string& why) {
  if (state_ != State::kConnecting && state_ != State::kUp) return;
  state_ = State::kWaiting;
  set_health(false, why);
  schedule_connect();
  owner_.on_node_lost(*this, why);
  close_links();
}

void Node::on_bus_lost(const std::string& why) {
  if (state_ != State::kUp || std::exchange(bus_broke_, true)) return fail(why);
  set_health(false, why);
  bus_.close();
  bus_connecting_since_ = loop_.clock().steady();
  bus_.open();
  owner_.on_bus_lost(*this);
}

void Node::close_links() {
  commands_.close();
  if (writes_) writes_->close();
  bus_.close();
  decltype(reads_) reads;
  reads.swap(reads_);
  for (const auto& [queries, read] : reads) read();  // they see that the node is gone
  reading_ = 0;
}

void Node::schedule_connect() {
  const auto cap = std::min<std::int64_t>(settings_.reconnect_max.count(), settings_.reconnect_min.count()
                                                                               << std::min(attempts_, 16));
  ++attempts_;
  std::uniform_int_distribution<std::int64_t> delay(0, std::max<std::int64_t>(cap, 1));
  connect_timer_.expires_at(
      std::max(connecting_since_ + Milliseconds(delay(jitter_)), loop_.clock().steady()));
  connect_timer_.async_wait([this, alive = std::weak_ptr<int>(alive_)](boost::system::error_code error) {
    if (error || alive.expired() || state_ != State::kWaiting) return;
    connect();
  });
}

void Node::tick(SteadyTime now) {
  check_links(now);
  if (bus_up() && now >= next_probe_) probe(now);
}

bool Node::is_noticed() const {
  return commands_.connected() || bus_.connected() || (writes_ && writes_->connected());
}

// In ticks and not in time: a pause of this process is none of the server.
void Node::check_connecting(SteadyTime now) {
  const int turn = attempts_ % kRound;
  const bool given_up = turn > 0 && !is_noticed() && ++unnoticed_ticks_ > (kUnnoticedTicks << (turn - 1));
  if (!given_up && now - connecting_since_ <= settings_.connect_timeout) return;
  const auto waited = std::chrono::duration_cast<Milliseconds>(now - connecting_since_);
  fail("no connection within " + std::to_string(waited.count()) + " ms");
}

void Node::check_links(SteadyTime now) {
  if (state_ == State::kConnecting) return check_connecting(now);
  if (state_ == State::kUp && !bus_.is_open() && now - bus_connecting_since_ > settings_.connect_timeout) {
    return fail("no connection within " + std::to_string(settings_.connect_timeout.count()) + " ms");
  }
  // Two ticks early, so that the answer is never late.
  const Milliseconds patience = std::min(settings_.command_timeout, settings_.publish_timeout) - 2 * kTick;
  if (state_ == State::kUp &&
      (commands_.overdue(now, patience) || (writes_ && writes_->overdue(now, patience)))) {
    fail("a command was not answered within " + std::to_string(patience.count()) + " ms");
  }
}

void Node::probe(SteadyTime now) {
  const std::string topic = owner_.probe_topic(*this);
  if (topic.empty()) return;
  if (!probe_seen_ && ++probes_missed_ >= kMissesAllowed) {
    return fail("no answer to " + std::to_string(probes_missed_) + " probes: frozen or cut off");
  }
  probe_seen_ = false;
  // On schedule, although ticks come late; not two at once after a pause.
  const Milliseconds spacing = settings_.probe_interval / kProbesPerInterval;
  next_probe_ = std::max(next_probe_ + spacing, now + spacing / 2);
  const std::uint64_t number = ++probes_sent_;
  probes_.push_back({number, now});
  if (probes_.size() > kProbesRemembered) probes_.pop_front();
  commands_.ask_time([this, number](std::int64_t redis_ms) {
    const auto at =
        std::find_if(probes_.begin(), probes_.end(), [&](const Probe& p) { return p.number == number; });
    if (at != probes_.end()) at->redis_ms = redis_ms;
    settle_probes();
  });
  const bool sharded = settings_.mode == Mode::kCluster;
  commands_.send(
      [&](std::string& out) {
        wire::RespCommand(out, 3).arg(sharded ? "SPUBLISH" : "PUBLISH").arg(topic).arg(number);
      },
      [this](const Reply& reply) {
        if (reply.value == nullptr || !reply.value->is_error()) return;
        const std::string_view error = reply.value->text();
        if (!error.starts_with("MOVED") && !error.starts_with("CLUSTERDOWN"))
          fail("PUBLISH: " + std::string(error));
      });
}

void Node::on_probe(std::string_view number) {
  probe_seen_ = true;
  probes_missed_ = 0;
  attempts_ = 0;
  last_proof_ = loop_.clock().steady();
  for (Probe& probe : probes_) probe.heard = probe.heard || std::to_string(probe.number) == number;
  settle_probes();
}

// The time of a probe and the probe itself come by two links, in either order.
void Node::settle_probes() {
  for (;;) {
    const auto proven = std::find_if(probes_.begin(), probes_.end(),
                                     [](const Probe& probe) { return probe.heard && probe.redis_ms != 0; });
    if (proven == probes_.end()) return;
    const Probe probe = *proven;
    probes_.erase(probes_.begin(), proven + 1);
    owner_.on_proof(*this, probe.sent, probe.redis_ms);
  }
}

void Node::await_replicas(std::function<void(bool)> done) {
  unreplicated_.push_back(std::move(done));
  if (unreplicated_.size() > 1 || replicas_asked_) return;
  boost::asio::post(loop_.context(), [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired() && !replicas_asked_) send_wait();
  });
}

// One at a time: it holds up what comes behind it, so what was written meanwhile shares the next one. A
// quarter of the time there is, for an append may have to wait for the one that holds up the batch before it,
// for that batch's and for its own. Of the default of 5 s that is more than the second within which a replica
// that has just come says how far it is.
void Node::send_wait() {
  if (unreplicated_.empty()) return;
  auto done = std::make_shared<std::vector<std::function<void(bool)>>>();
  done->swap(unreplicated_);
  if (!up()) {
    for (const auto& answer : *done) answer(false);
    return;
  }
  replicas_asked_ = true;
  const auto limit =
      static_cast<std::uint64_t>(std::max<std::int64_t>(1, settings_.publish_timeout.count() / 4));
  writes_->send(
      [&](std::string& out) {
        wire::RespCommand(out, 3).arg("WAIT").arg(std::uint64_t{settings_.min_replicas}).arg(limit);
      },
      [this, done](const Reply& reply) {
        const bool reached = reply.value != nullptr && !reply.value->is_error() &&
                             reply.value->integer() >= std::int64_t{settings_.min_replicas};
        replicas_asked_ = false;
        for (const auto& answer : *done) answer(reached);
        if (!replicas_asked_) send_wait();
      });
}

void Node::begin_read(std::size_t queries, std::function<void()> read) {
  if (reads_.empty() && (reading_ == 0 || reading_ + queries <= kQueriesAtOnce)) {
    reading_ += queries;
    return read();
  }
  reads_.emplace_back(queries, std::move(read));
}

void Node::end_read(std::size_t queries) {
  reading_ -= std::min(reading_, queries);
  while (!reads_.empty() && (reading_ == 0 || reading_ + reads_.front().first <= kQueriesAtOnce)) {
    const auto next = std::move(reads_.front());
    reads_.pop_front();
    reading_ += next.first;
    next.second();
  }
}

void Node::set_whole(bool whole) {
  if (whole) bus_broke_ = false;
  if (whole && !health_.up) set_health(true, "");
  if (!whole && health_.up) set_health(false, "subscribing anew");
}

// One log line when it goes (or is not there at the start) and one when it comes, whatever number of attempts
// lies between.
void Node::set_health(bool up, const std::string& why) {
  const std::int64_t now = loop_.clock().wall_ms();
  if (up) {
    log::info("storage.up", "Redis answers", {{"node", health_.name}, {"away_ms", now - health_.since_ms}});
  } else if (state_ != State::kStopped && !std::exchange(told_away_, true)) {
    log::warning("storage.lost", "Redis is away; streams stay open, publishes are refused",
                 {{"node", health_.name}, {"reason", why}});
  }
  if (up) told_away_ = false;
  if (up != health_.up || health_.since_ms == 0) health_.since_ms = now;
  health_.up = up;
  health_.reason = why;
}

hub::NodeHealth Node::health() const {
  hub::NodeHealth health = health_;
  if (health.up) {
    const auto age = loop_.clock().steady() - last_proof_;
    health.probe_age_ms = std::chrono::duration_cast<Milliseconds>(age).count();
  }
  return health;
}

}  // namespace relay::redis
