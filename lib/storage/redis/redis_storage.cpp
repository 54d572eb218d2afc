#include "storage/redis/redis_storage.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "storage/redis/read_batch.hpp"
#include "storage/redis/record.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {

using metrics::Counter;
using metrics::Gauge;
using wire::RespCommand;
using wire::RespValue;

constexpr std::size_t kTopicsPerSubscribe = 500;
constexpr Milliseconds kTimeCheckEvery{30'000};

Error unavailable(std::string message) {
  return make_error(ErrorKind::kUnavailable, "storage_unavailable", std::move(message));
}

// Trimming is amortised: the log may grow an eighth over its bound before it is cut back.
std::uint64_t trim_at(std::uint32_t max_count) { return max_count + std::max<std::uint32_t>(8, max_count / 8); }

std::string digest_of(const hub::Draft& draft) { return short_hash(draft.event + '\n' + draft.data); }

// Everything of the append script's call but the command and the script.
void encode_append(std::string& out, std::string_view command, std::string_view script, const Keyspace& keys,
                   const hub::AppendRequest& request, std::uint64_t max_payload_bytes) {
  const hub::Draft& draft = request.draft;
  const std::string_view channel = draft.channel.view();
  const bool idempotent = !request.idempotency_key.empty();
  const std::string tail = encode_record_tail(draft);
  if (draft.ttl_ms == 0 && !idempotent) {
    RespCommand(out, 7).arg(command).arg(script).arg(std::uint64_t{2}).arg(keys.seq()).arg(keys.epoch())
        .arg(keys.bus(channel)).arg(tail);
    return;
  }
  const hub::ChannelOptions& keep = request.keep;
  const bool count_bytes = std::uint64_t{keep.max_count} * max_payload_bytes > keep.max_bytes;
  const auto keep_ms = draft.ttl_ms == 0 ? 0 : static_cast<std::uint64_t>((keep.max_age + kLinger).count());
  RespCommand call(out, idempotent ? 18 : 15);
  call.arg(command).arg(script).arg(std::uint64_t{idempotent ? 6U : 5U});
  call.arg(keys.seq()).arg(keys.epoch()).arg(keys.log(channel)).arg(keys.bytes(channel)).arg(keys.last(channel));
  if (idempotent) call.arg(keys.idempotency(channel, request.idempotency_key));
  call.arg(keys.bus(channel)).arg(tail).arg(keep_ms).arg(std::uint64_t{keep.max_count}).arg(trim_at(keep.max_count));
  call.arg(count_bytes ? keep.max_bytes : std::uint64_t{0});
  call.arg(static_cast<std::uint64_t>((keep.max_age + kRemembered).count()));
  if (idempotent) call.arg(static_cast<std::uint64_t>(hub::kIdempotencyWindow.count())).arg(digest_of(draft));
}

}  // namespace

RedisStorage::RedisStorage(net::IoLoop& loop, RedisSettings settings, hub::StorageEvents& events,
                           metrics::LoopMetrics& metrics)
    : loop_(loop),
      settings_(std::move(settings)),
      keys_(settings_.prefix),
      events_(events),
      metrics_(metrics),
      probe_topic_(keys_.probe(settings_.instance, loop.index())),
      since_ms_(loop.clock().wall_ms()) {}

RedisStorage::~RedisStorage() {
  if (command_ != nullptr) command_->abandon();
  if (bus_ != nullptr) bus_->abandon();
}

void RedisStorage::start() {
  state_ = State::kDown;
  connect();
  loop_.wheel().schedule(*this, net::TimerWheel::kTick);
}

void RedisStorage::stop() {
  state_ = State::kStopped;
  net::TimerWheel::cancel(*this);
  watches_.clear();
  unanswered_ = 0;
  if (command_ != nullptr) command_->abandon();
  if (bus_ != nullptr) bus_->abandon();
  command_.reset();
  bus_.reset();
}

RedisLink::Events RedisStorage::events_of(void (RedisStorage::*on_lost)(const std::string&)) {
  return {[this] { on_link_open(); }, [this, on_lost](const std::string& why) { (this->*on_lost)(why); },
          [this](const RespValue& value) { on_push(value); }};
}

void RedisStorage::connect() {
  state_ = State::kConnecting;
  attempt_began_ = loop_.clock().steady();
  links_open_ = 0;
  commands_ready_ = false;
  const std::string name = "relayd:" + settings_.instance + ":" + std::to_string(loop_.index());
  command_ = std::make_shared<RedisLink>(loop_, settings_, name + ":commands", events_of(&RedisStorage::fault));
  command_->open();
  open_bus();
}

void RedisStorage::open_bus() {
  const std::string name = "relayd:" + settings_.instance + ":" + std::to_string(loop_.index()) + ":bus";
  bus_ = std::make_shared<RedisLink>(loop_, settings_, name, events_of(&RedisStorage::on_bus_lost));
  bus_->open();
}

// Both links greet; then the script is loaded, the data's life and the clocks are compared, in one round trip.
void RedisStorage::on_link_open() {
  if (commands_ready_) return on_prepared();  // only the bus link is new
  if (++links_open_ < 2) return;
  const auto link = command_;
  const auto failed = [this](const Reply& reply) {
    if (reply.value == nullptr) return true;
    if (reply.value->is_error()) fault(std::string(reply.value->text()));
    return reply.value == nullptr || reply.value->is_error();
  };
  link->send([](std::string& out) { wire::append_command(out, {"SCRIPT", "LOAD", kAppendScript}); },
             [this, failed](const Reply& reply) {
               if (!failed(reply)) append_sha_ = reply.value->text();
             });
  link->send([](std::string& out) { wire::append_command(out, {"TIME"}); },
             [this, failed](const Reply& reply) {
               if (!failed(reply)) clock_offset_ms_ = redis_time_ms(*reply.value) - loop_.clock().wall_ms();
             });
  link->send(
      [this](std::string& out) {
        RespCommand(out, 6).arg("EVAL").arg(kEpochScript).arg(std::uint64_t{2}).arg(keys_.seq()).arg(keys_.epoch())
            .arg(highest_seen_);
      },
      [this, failed](const Reply& reply) {
        if (failed(reply)) return;
        if (!reply.value->is_array() || reply.value->size() != 2) return fault("the epoch script answered nonsense");
        epoch_ = (*reply.value)[0].text();
        on_prepared();
      });
}

void RedisStorage::on_prepared() {
  commands_ready_ = true;
  state_ = State::kResubscribing;
  last_time_check_ = loop_.clock().steady();
  resubscribe();
}

void RedisStorage::resubscribe() {
  unconfirmed_.clear();
  subscribe(probe_topic_);
  unconfirmed_[""] = 1;
  std::vector<std::string> topics;
  const auto send_batch = [&] {
    if (topics.empty()) return;
    bus_->send_unanswered([&](std::string& out) {
      RespCommand call(out, topics.size() + 1);
      call.arg("SUBSCRIBE");
      for (const std::string& topic : topics) call.arg(topic);
    });
    topics.clear();
  };
  for (auto& [channel, watch] : watches_) {
    topics.push_back(keys_.bus(channel.view()));
    ++unconfirmed_[std::string(channel.view())];
    if (topics.size() == kTopicsPerSubscribe) send_batch();
  }
  send_batch();
}

// Up when nothing is left to confirm of what was watched when the links opened (or since: it is all the same).
void RedisStorage::check_restored() {
  if (state_ != State::kResubscribing || !unconfirmed_.empty()) return;
  state_ = State::kUp;
  backoff_ = Milliseconds{0};
  last_proof_ = last_probe_ = loop_.clock().steady();
  log::info("storage.up", "Redis is there",
            {{"node", node_name(settings_)}, {"loop", loop_.index()}, {"after_ms", loop_.clock().wall_ms() - since_ms_}});
  since_ms_ = loop_.clock().wall_ms();
  reason_.clear();
  events_.on_restored();
}

void RedisStorage::say_lost(const std::string& why) {
  since_ms_ = loop_.clock().wall_ms();
  metrics_.add(Counter::kStorageReconnects);
  log::warning("storage.lost", "Redis is gone; streams stay open",
               {{"node", node_name(settings_)}, {"loop", loop_.index()}, {"why", why}});
}

void RedisStorage::fault(const std::string& why) {
  if (state_ == State::kDown || state_ == State::kStopped) return;
  const bool was_up = state_ == State::kUp;
  state_ = State::kDown;
  commands_ready_ = false;
  reason_ = why;
  if (was_up) say_lost(why);
  // The first attempt follows at once. Full jitter later: loops and instances that lost it together do not come
  // back together.
  const Milliseconds delay(std::uniform_int_distribution<std::int64_t>(0, backoff_.count())(random_));
  backoff_ = std::clamp(backoff_ * 2, settings_.reconnect_min, settings_.reconnect_max);
  next_attempt_ = loop_.clock().steady() + delay;
  for (auto& [channel, watch] : watches_) watch.confirmed = false;
  unconfirmed_.clear();
  if (was_up) events_.on_interrupted();
  close_links();
}

// The command link still works: appends and reads go on while the bus link is made anew. Failing again before it
// is whole is an ordinary fault.
void RedisStorage::on_bus_lost(const std::string& why) {
  if (state_ != State::kUp) return fault(why);
  state_ = State::kConnecting;
  reason_ = why;
  attempt_began_ = loop_.clock().steady();
  say_lost(why);
  for (auto& [channel, watch] : watches_) watch.confirmed = false;
  unconfirmed_.clear();
  const auto lost = std::move(bus_);
  open_bus();
  events_.on_interrupted();
  lost->close();
}

// Answers what is pending; those callbacks may call in again and find state kDown.
void RedisStorage::close_links() {
  const auto command = std::move(command_);
  const auto bus = std::move(bus_);
  command_.reset();
  bus_.reset();
  if (bus != nullptr) bus->close();
  if (command != nullptr) command->close();
}

void RedisStorage::on_timer() {
  loop_.wheel().schedule(*this, net::TimerWheel::kTick);
  const SteadyTime now = loop_.clock().steady();
  check_deadlines(now);
  if (state_ == State::kDown && now >= next_attempt_) connect();
  if (state_ == State::kUp) probe(now);
  metrics_.set(Gauge::kStoragePendingCommands, command_ == nullptr ? 0 : static_cast<std::int64_t>(command_->pending()));
  metrics_.set(Gauge::kStoragePendingBytes, command_ == nullptr ? 0 : static_cast<std::int64_t>(command_->unwritten_bytes()));
}

void RedisStorage::check_deadlines(SteadyTime now) {
  const bool opening = state_ == State::kConnecting || state_ == State::kResubscribing;
  if (opening && now - attempt_began_ > settings_.connect_timeout) fault("Redis did not answer in time");
  if (state_ == State::kUp && command_->overdue(now, settings_.publish_timeout)) fault("a command was not answered in time");
  if (unanswered_ == 0) return;
  std::vector<hub::ChannelName> late;
  for (const auto& [channel, watch] : watches_) {
    if (watch.done != nullptr && now >= watch.deadline) late.push_back(channel);
  }
  for (const hub::ChannelName& channel : late) {
    const auto found = watches_.find(channel);
    if (found == watches_.end()) continue;
    const hub::WatchDone done = std::move(found->second.done);
    --unanswered_;
    watches_.erase(found);
    done(unavailable("the subscription could not be made in time"));
  }
}

void RedisStorage::probe(SteadyTime now) {
  if (now - last_proof_ > settings_.probe_interval * 2 - net::TimerWheel::kTick) {
    return fault("no message came back over the bus for " +
                 std::to_string(std::chrono::duration_cast<Milliseconds>(now - last_proof_).count()) + " ms");
  }
  if (now - last_probe_ < settings_.probe_interval / 2) return;
  last_probe_ = now;
  const auto link = command_;
  link->send([this](std::string& out) { RespCommand(out, 3).arg("PUBLISH").arg(probe_topic_).arg(++probe_number_); },
             [](const Reply&) {});
  // The same breath notices when the data was emptied under us.
  link->send([this](std::string& out) { wire::append_command(out, {"GET", keys_.epoch()}); },
             [this](const Reply& reply) {
               if (reply.value != nullptr) check_epoch(*reply.value);
             });
  if (now - last_time_check_ < kTimeCheckEvery) return;
  last_time_check_ = now;
  link->send([](std::string& out) { wire::append_command(out, {"TIME"}); },
             [this](const Reply& reply) {
               if (reply.value != nullptr && reply.value->is_array()) {
                 clock_offset_ms_ = redis_time_ms(*reply.value) - loop_.clock().wall_ms();
               }
             });
}

// A new life of the data: what was kept is gone, and every stream must hear of it. Connecting anew says so.
void RedisStorage::check_epoch(const RespValue& epoch) {
  if (state_ != State::kUp || epoch.is_error() || epoch.text() == epoch_) return;
  fault("the stored data was emptied");
  next_attempt_ = loop_.clock().steady();
}

bool RedisStorage::queue_full() const {
  return command_->pending() >= settings_.max_pending_commands || command_->unwritten_bytes() >= settings_.max_pending_bytes;
}

void RedisStorage::append(hub::AppendRequest request, hub::AppendDone done) {
  if (!commands_ready_) return done(unavailable("Redis is away: " + reason_));
  if (queue_full()) {
    metrics_.add(Counter::kStorageQueueFull);
    return done(make_error(ErrorKind::kUnavailable, "storage_queue_full", "too many commands wait for Redis"));
  }
  send_append(std::make_shared<hub::AppendRequest>(std::move(request)), std::move(done), true);
}

void RedisStorage::send_append(std::shared_ptr<hub::AppendRequest> request, hub::AppendDone done, bool by_sha) {
  const auto link = command_;
  const SteadyTime began = loop_.clock().steady();
  link->send(
      [&](std::string& out) {
        encode_append(out, by_sha ? "EVALSHA" : "EVAL", by_sha ? std::string_view(append_sha_) : kAppendScript, keys_,
                      *request, settings_.max_payload_bytes);
      },
      [this, request, done = std::move(done), by_sha, began](const Reply& reply) {
        const std::chrono::duration<double> took = loop_.clock().steady() - began;
        metrics_.observe(metrics::Histogram::kStorageCommandDuration, took.count());
        on_append_reply(request, done, by_sha, reply);
      });
}

void RedisStorage::on_append_reply(const std::shared_ptr<hub::AppendRequest>& request, const hub::AppendDone& done,
                                   bool by_sha, const Reply& reply) {
  if (reply.value == nullptr) {
    if (!reply.written) return done(unavailable("Redis went away before the message was sent"));
    return done(make_error(ErrorKind::kUnknown, "storage_unknown", "Redis went away before it answered"));
  }
  const RespValue& value = *reply.value;
  if (value.is_error()) {
    // A script that is refused or fails has stored nothing (append.lua).
    if (by_sha && value.text().starts_with("NOSCRIPT") && commands_ready_) return send_append(request, done, false);
    const std::string why(value.text());
    done(unavailable("Redis refused the message: " + why));
    if (why.starts_with("READONLY") || why.starts_with("LOADING")) fault(why);
    return;
  }
  const std::int64_t id = value.integer();
  if (id == 0) {
    return done(make_error(ErrorKind::kConflict, "idempotency_conflict",
                           "this Idempotency-Key was used for another message on this channel"));
  }
  highest_seen_ = std::max(highest_seen_, static_cast<MessageId>(std::abs(id)));
  done(hub::Appended{static_cast<MessageId>(std::abs(id)), id < 0});
}

void RedisStorage::read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) {
  if (!commands_ready_) return done(unavailable("Redis is away: " + reason_));
  if (queue_full()) {
    metrics_.add(Counter::kStorageQueueFull);
    return done(make_error(ErrorKind::kUnavailable, "storage_queue_full", "too many commands wait for Redis"));
  }
  ReadBatch::send(*command_, keys_, std::move(queries), loop_.clock().wall_ms() + clock_offset_ms_, std::move(done));
}

void RedisStorage::watch(hub::ChannelName channel, hub::WatchDone done) {
  Watch& watch = watches_[channel];
  ++unanswered_;
  watch.done = std::move(done);
  watch.deadline = loop_.clock().steady() + settings_.command_timeout;
  if (state_ != State::kUp && state_ != State::kResubscribing) return;  // resubscribe() takes it along
  ++unconfirmed_[std::string(channel.view())];
  subscribe(keys_.bus(channel.view()));
}

void RedisStorage::unwatch(const hub::ChannelName& channel) {
  const auto found = watches_.find(channel);
  if (found == watches_.end()) return;
  if (found->second.done != nullptr) --unanswered_;
  watches_.erase(found);
  if (state_ != State::kUp && state_ != State::kResubscribing) return;
  bus_->send_unanswered(
      [&](std::string& out) { wire::append_command(out, {"UNSUBSCRIBE", keys_.bus(channel.view())}); });
}

void RedisStorage::subscribe(std::string_view topic) {
  bus_->send_unanswered([&](std::string& out) { wire::append_command(out, {"SUBSCRIBE", topic}); });
}

// Hot: every announcement of this loop.
void RedisStorage::on_push(const RespValue& value) {
  if (!value.is_array() || value.size() != 3) return fault("Redis sent something that is no announcement");
  const std::string_view kind = value[0].text();
  const std::string_view topic = value[1].text();
  if (kind == "message") return on_announcement(topic, value[2].text());
  if (kind == "subscribe") return on_confirmed(topic);
}

void RedisStorage::on_confirmed(std::string_view topic) {
  const std::string_view channel = topic == probe_topic_ ? std::string_view{} : keys_.channel_of(topic);
  const auto waiting = unconfirmed_.find(channel);
  if (waiting == unconfirmed_.end()) return;
  if (--waiting->second > 0) return;
  unconfirmed_.erase(waiting);
  const auto found = channel.empty() ? watches_.end() : watches_.find(channel);
  if (found != watches_.end() && !found->second.confirmed) {
    found->second.confirmed = true;
    if (const hub::WatchDone done = std::exchange(found->second.done, nullptr)) {
      --unanswered_;
      done(true);
    }
  }
  check_restored();
}

void RedisStorage::on_announcement(std::string_view topic, std::string_view record) {
  if (topic == probe_topic_) {
    last_proof_ = loop_.clock().steady();
    return;
  }
  const auto found = watches_.find(keys_.channel_of(topic));
  if (found == watches_.end()) return;  // on its way when we left
  const hub::MessagePtr message = parse_record(record, found->first);
  if (message == nullptr) {
    log::warning("storage.malformed", "an announcement is not one of ours; it was dropped", {{"topic", topic}});
    return;
  }
  highest_seen_ = std::max(highest_seen_, message->id);
  events_.on_announced(hub::DeliveryPtr(new hub::Delivery(message)));
}

std::vector<hub::NodeHealth> RedisStorage::health() const {
  hub::NodeHealth node;
  node.name = node_name(settings_);
  node.up = state_ == State::kUp;
  node.since_ms = since_ms_;
  node.reason = reason_;
  if (node.up) {
    node.probe_age_ms = std::chrono::duration_cast<Milliseconds>(loop_.clock().steady() - last_proof_).count();
  }
  return {node};
}

}  // namespace relay::redis
