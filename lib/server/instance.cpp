#include "server/instance.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"

namespace relay::server {
namespace {

// A beat because the number of clients changed comes this much sooner than the regular one, at most.
constexpr int kChangeDivisor = 10;
constexpr Milliseconds kLeastSpacing{1'000};

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string present_json(const hub::Present& who, bool joined) {
  std::string json =
      "{\"clientId\":" + json_string(who.client_id) + ",\"instance\":" + json_string(who.instance);
  if (joined)
    json +=
        ",\"transport\":" + json_string(who.transport) + ",\"since\":" + json_string(rfc3339(who.since_ms));
  return json + '}';
}

double per_second(std::int64_t count, std::int64_t time_ms) {
  return time_ms > 0 ? static_cast<double>(count) * 1000 / static_cast<double>(time_ms) : 0;
}

}  // namespace

Instance::Instance(frontend::Shared& shared) : home_(*shared.loops.front()), host_(host_name()) {
  for (frontend::LoopContext* there : shared.loops) {
    recorders_.push_back(std::make_unique<PresenceRecorder>(static_cast<std::uint32_t>(there->loop.index())));
    there->hub.tell_presence(recorders_.back().get());
  }
}

Instance::~Instance() {
  home_.shared.registry = nullptr;
}

void Instance::attach(std::unique_ptr<hub::Registry> registry) {
  registry_ = std::move(registry);
  home_.shared.registry = registry_.get();
}

void Instance::collect(frontend::LoopContext& there) {
  std::vector<hub::PresenceChange> changes = recorders_[static_cast<std::size_t>(there.loop.index())]->take();
  if (changes.empty()) return;
  home_.loop.post([this, changes = std::move(changes)]() mutable { registry_->update(std::move(changes)); });
}

void Instance::start() {
  sweep_ms_ = home_.loop.now_ms();
  beat();
}

void Instance::tick() {
  const options::InstanceOptions& options = home_.settings->options.instance;
  const std::int64_t now_ms = home_.loop.now_ms();
  registry_->tick();
  if (store_came_back() || beat_is_due(now_ms)) beat();
  if (now_ms - sweep_ms_ < options.heartbeat_interval.count()) return;
  sweep_ms_ = now_ms;
  registry_->sweep();
}

bool Instance::beat_is_due(std::int64_t now_ms) {
  const Milliseconds interval = home_.settings->options.instance.heartbeat_interval;
  const std::int64_t since = now_ms - beat_ms_;
  if (since >= interval.count()) return true;
  if (home_.shared.draining.load(std::memory_order_relaxed) != draining_at_beat_) return true;
  const Milliseconds spacing = std::max(interval / kChangeDivisor, kLeastSpacing);
  return since >= spacing.count() && clients() != clients_at_beat_;
}

// The store may have been emptied, or have thought us dead: a beat finds out.
bool Instance::store_came_back() {
  std::int64_t since_ms = 0;
  for (const hub::NodeHealth& node : home_.health().nodes) {
    if (!node.up) return false;
    since_ms = std::max(since_ms, node.since_ms);
  }
  return std::exchange(store_since_ms_, since_ms) != since_ms;
}

void Instance::beat() {
  registry_->beat(status(home_.loop.now_ms()));
}

hub::InstanceStatus Instance::status(std::int64_t now_ms) {
  const std::int64_t time_ms = beat_ms_ == 0 ? 0 : now_ms - beat_ms_;
  const std::int64_t published = total(metrics::Counter::kMessagesPublished);
  const std::int64_t delivered = total(metrics::Counter::kMessagesDelivered);
  hub::InstanceStatus status;
  status.id = home_.shared.instance_id;
  status.host = host_;
  status.version = frontend::kVersion;
  status.started_ms = home_.shared.started_ms;
  status.timestamp_ms = home_.loop.clock().wall_ms();
  status.clients = clients();
  status.draining = draining_at_beat_ = home_.shared.draining.load(std::memory_order_relaxed);
  status.loops = static_cast<std::int64_t>(home_.shared.loops.size());
  status.published_per_second = per_second(published - std::exchange(published_at_beat_, published), time_ms);
  status.delivered_per_second = per_second(delivered - std::exchange(delivered_at_beat_, delivered), time_ms);
  beat_ms_ = now_ms;
  clients_at_beat_ = status.clients;
  return status;
}

std::int64_t Instance::total(metrics::Counter counter) const {
  std::int64_t sum = 0;
  for (const frontend::LoopContext* there : home_.shared.loops) sum += there->metrics.get(counter);
  return sum;
}

std::int64_t Instance::clients() const {
  using metrics::Gauge;
  std::int64_t sum = 0;
  for (const frontend::LoopContext* there : home_.shared.loops) {
    for (const Gauge gauge : {Gauge::kClientsSse, Gauge::kClientsWebSocket, Gauge::kClientsLongPoll}) {
      sum += there->metrics.get(gauge);
    }
  }
  return sum;
}

// A loop's answer comes behind all that it has noted before, and ahead of what it notes later.
void Instance::on_lost(std::uint64_t token) {
  for (frontend::LoopContext* there : home_.shared.loops) {
    there->loop.post([this, there, token] {
      collect(*there);
      std::vector<hub::PresenceChange> everybody;
      const auto loop = static_cast<std::uint32_t>(there->loop.index());
      there->hub.for_each_present([&](const hub::ChannelName& channel, const hub::SubscriberInfo& info) {
        everybody.push_back({channel, loop, info.number, info.transport, info.since_ms});
      });
      home_.loop.post([this, token, everybody = std::move(everybody)]() mutable {
        registry_->refill(token, std::move(everybody));
      });
    });
  }
}

void Instance::on_present(const hub::Present& who, std::string_view channel, bool joined) {
  hub::PublishRequest request;
  request.draft.channel = hub::ChannelName::copy_of(std::string(hub::kPresencePrefix) + std::string(channel));
  request.draft.event = joined ? "join" : "leave";
  request.draft.data = present_json(who, joined);
  request.draft.is_json = true;
  request.ttl = Milliseconds{0};
  home_.hub.publish(std::move(request),
                    [](const Result<hub::Appended>&) {});  // as good as any ephemeral message
}

void Instance::retire(std::function<void()> done) {
  registry_->retire(std::move(done));
}

}  // namespace relay::server
