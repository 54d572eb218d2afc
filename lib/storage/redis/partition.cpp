#include "storage/redis/partition.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "storage/redis/record.hpp"
#include "storage/redis/scripts.hpp"

namespace relay::redis {
namespace {
using wire::RespCommand;
using wire::RespValue;

constexpr Milliseconds kRetry{50};    // of what Redis redirects or asks to try again
constexpr Milliseconds kMove{1'000};  // until a partition that moves counts as one that is away
constexpr std::size_t kPlaces = 4;    // remembered, of servers that were left
constexpr Milliseconds kLook{500};    // again at a layout that is not ours, or at a slot that is on its way

}  // namespace

Partition::Partition(net::IoLoop& loop, const RedisSettings& settings, metrics::LoopMetrics& metrics,
                     PartitionOwner& owner, AppendLoad& load, std::uint32_t number, std::uint32_t partitions,
                     std::string_view tag)
    : loop_(loop),
      settings_(settings),
      metrics_(metrics),
      owner_(owner),
      load_(load),
      number_(number),
      partitions_(partitions),
      keys_(settings.prefix, tag),
      probe_topic_(keys_.probe(settings.instance, loop.index())),
      watches_([this](bool subscribe, const hub::ChannelName& channel) {
        ask_topic(subscribe, keys_.bus(channel.view()));
      }),
      appends_(loop, settings, metrics, keys_, load,
               {[this](const ErrandPtr& batch) { send(batch); }, [this](MessageId id) { saw(id); }}),
      errand_timer_(loop.context()) {}

Partition::~Partition() = default;

void Partition::take(Node& node) {
  if (state_ == State::kStopped) return;
  node_ = &node;
  ++life_;
  state_ = State::kChecking;
  why_ = "the layout of the store is not known yet";
  look_again_ = {};
  epoch_asked_ = false;
  if (number_ == 0) return check_layout();
  if (owner_.layout_is_good()) ask_epoch();
}

// A store that is new is laid out for as many partitions as this instance has.
void Partition::check_layout() {
  const std::string count = std::to_string(partitions_);
  if (!settings_.visits) {
    send_now([&](std::string& out) { wire::append_command(out, {"SET", keys_.layout(), count, "NX"}); },
             [](const RespValue&) {});
  }
  send_now([&](std::string& out) { wire::append_command(out, {"GET", keys_.layout()}); },
           [this](const RespValue& stored) {
             if (settings_.visits && stored.is_nil()) return owner_.on_layout(std::to_string(partitions_));
             if (stored.text() != std::to_string(partitions_)) look_again_ = loop_.clock().steady() + kLook;
             owner_.on_layout(stored.text());
           });
}

void Partition::proceed() {
  if (state_ == State::kChecking && !epoch_asked_) ask_epoch();
}

// Of the checks: no part of anyone's deadline but the node's own, and no use once the partition has left.
template <class Encode>
void Partition::send_now(Encode&& encode, std::function<void(const RespValue&)> take) {
  node_->send(std::forward<Encode>(encode),
              [this, by = node_, life = life_, take = std::move(take)](const Reply& reply) {
                if (reply.value == nullptr || life != life_) return;
                if (reply.value->is_error()) return on_refusal(*by, reply.value->text());
                take(*reply.value);
              });
}

void Partition::ask_epoch() {
  epoch_asked_ = true;
  if (settings_.visits) {
    state_ = State::kUp;
    return send_waiting();
  }
  send_now([this](std::string& out) { encode_epoch(out); },
           [this](const RespValue& answer) { on_epoch(answer); });
}

void Partition::encode_epoch(std::string& out) const {
  RespCommand command(out, 10);
  command.arg("EVAL").arg(kEpochScript).arg("4").arg(keys_.seq()).arg(keys_.epoch());
  command.arg(keys_.history()).arg(keys_.forks());
  command.arg(highest_seen_).arg(seen_on_).arg(node_ != nullptr ? node_->replication_id() : std::string());
}

void Partition::on_epoch(const RespValue& answer) {
  if (answer.size() != 5) return node_->fail("epoch.lua gave an answer that is none");
  epoch_ = answer[0].text();
  if (answer[2].integer() != 0) {
    metrics_.add(metrics::Counter::kStorageDataLosses);
    log::warning(
        "storage.data_lost", "Redis has lost messages that it had taken; every stream of them is told",
        {{"node", node_->name()}, {"partition", number_}, {"seen", highest_seen_}, {"epoch", epoch_}});
    MessageId common = parse_id(answer[3].text()).value_or(0);
    if (common == 0) common = place_on(node_->replication_id());
    if (common != 0 && events_ != nullptr) events_->on_forgotten(common);
  }
  saw(parse_id(answer[1].text()).value_or(0));
  seen_on_ = node_->replication_id();
  state_ = State::kUp;
  why_ = "subscribing";
  if (node_->bus_up()) subscribe();
}

// What a check or a subscription was refused with.
void Partition::on_refusal(Node& by, std::string_view error) {
  const std::string why(error);
  switch (classify(error)) {
    case Refusal::kMoved:
      move("its slot moves: " + why);
      return owner_.on_moved(*this, by);
    case Refusal::kClusterDown:
      leave(why);
      return owner_.on_unserved();
    case Refusal::kAsk:
    case Refusal::kTryAgain:
      look_again_ = loop_.clock().steady() + kLook;
      return;
    default:
      by.fail("Redis answered: " + why);
  }
}

void Partition::leave(const std::string& why) {
  if (state_ == State::kStopped || node_ == nullptr) return;
  why_ = why;
  if (state_ == State::kUp) note_place();
  state_ = State::kAway;
  ++life_;
  watches_.end_life();
  set_whole(false);
  node_ = nullptr;
  if (loop_.clock().steady() >= moving_until_) appends_.refuse();
}

void Partition::note_place() {
  if (events_ == nullptr || seen_on_.empty()) return;
  std::erase_if(places_, [this](const auto& place) { return place.first == seen_on_; });
  if (places_.size() == kPlaces) places_.erase(places_.begin());
  places_.emplace_back(seen_on_, events_->reached());
}

MessageId Partition::place_on(std::string_view server) const {
  const auto found =
      std::find_if(places_.begin(), places_.end(), [&](const auto& place) { return place.first == server; });
  return found == places_.end() ? 0 : found->second;
}

void Partition::move(const std::string& why) {
  if (state_ == State::kUp) moving_until_ = loop_.clock().steady() + kMove;
  leave(why);
}

void Partition::bus_up() {
  if (state_ == State::kUp && !settings_.visits) subscribe();
}

void Partition::bus_lost() {
  if (state_ != State::kUp) return;
  why_ = "the link that hears was cut";
  ++life_;
  watches_.end_life();
  set_whole(false);
}

// The probe's topic first: whoever may hear it may hear all.
void Partition::subscribe() {
  ++life_;
  subscribing_since_ = loop_.clock().steady();
  ask_topic(true, probe_topic_);
  watches_.begin_life();
  to_whole_ = 1 + watches_.size();
}

void Partition::ask_topic(bool subscribe, std::string topic) {
  node_->bus().ask({number_, life_}, subscribe, std::move(topic));
}

void Partition::on_confirmed(std::string_view topic) {
  if (topic != probe_topic_) watches_.on_confirmed(keys_.channel_of(topic));
  if (to_whole_ > 0 && --to_whole_ == 0) set_whole(true);
}

void Partition::set_whole(bool whole) {
  if (whole_ == whole) return;
  whole_ = whole;
  if (whole) {
    whole_since_ = loop_.clock().steady();
    why_.clear();
  }
  owner_.on_whole_changed(*node_);
  if (!whole) {
    if (!std::exchange(interrupted_, true) && events_ != nullptr) events_->on_interrupted();
    return;
  }
  if (std::exchange(interrupted_, false) && events_ != nullptr) events_->on_restored();
  issue_reads();
}

// Hot: once per announcement.
void Partition::on_announced(std::string_view topic, std::string_view record) {
  const hub::ChannelName* channel = watches_.find(keys_.channel_of(topic));
  if (channel == nullptr) return;
  auto message = parse_record(record, *channel);
  if (!message) {
    return log::warning("storage.bad_record", "an announcement is not a record; it is dropped",
                        {{"channel", channel->view()}});
  }
  saw(message->id());
  if (events_ != nullptr) events_->on_announced(hub::DeliveryPtr(new hub::Delivery(std::move(message))));
}

void Partition::on_proof(SteadyTime sent, MessageId proven) {
  if (whole_ && whole_since_ <= sent) proven_ = std::max(proven_, proven);
}

void Partition::check_epoch() {
  if (state_ != State::kUp || settings_.visits) return;
  node_->send([this](std::string& out) { wire::append_command(out, {"GET", keys_.epoch()}); },
              [this, by = node_, life = life_](const Reply& reply) {
                if (reply.value == nullptr || life != life_ || state_ != State::kUp) return;
                const std::string_view text = reply.value->text();
                if (reply.value->is_error()) {
                  if (classify(text) == Refusal::kMoved) on_refusal(*by, text);
                  return;
                }
                if (text == epoch_) return;
                leave("the stored data was emptied or replaced");
                take(*by);
              });
}

void Partition::tick(SteadyTime now) {
  watches_.expire(now);
  expire_reads(now);
  appends_.expire(now);
  if (state_ == State::kChecking && look_again_ != SteadyTime{} && now >= look_again_) take(*node_);
  if (state_ == State::kUp && !settings_.visits && !whole_ && node_->bus_up() &&
      now - subscribing_since_ > settings_.command_timeout) {
    node_->fail("subscriptions were not confirmed within " +
                std::to_string(settings_.command_timeout.count()) + " ms");
  }
}

void Partition::stop() {
  state_ = State::kStopped;
  why_ = "stopped";
  watches_.end_life();
  node_ = nullptr;
  whole_ = false;
  watches_.give_up(down());
  appends_.refuse();
  errand_timer_.cancel();
  std::deque<ErrandPtr> errands;
  errands.swap(errands_);
  for (const ErrandPtr& errand : errands) errand->answer({nullptr, false});
  while (!reads_.empty()) {
    const auto read = std::move(reads_.front());
    reads_.pop_front();
    read->done(down());
  }
}

void Partition::append(hub::AppendRequest&& request, hub::AppendDone done) {
  const bool moves = loop_.clock().steady() < moving_until_;
  if (state_ == State::kStopped || (state_ != State::kUp && !moves)) return done(down());
  if ((node_ != nullptr && node_->full()) || load_.full(settings_)) return done(queue_full());
  appends_.push(std::move(request), std::move(done));
}

void Partition::watch(hub::ChannelName channel, hub::WatchDone done) {
  if (state_ == State::kStopped) return done(down());
  watches_.watch(std::move(channel), std::move(done), loop_.clock().steady() + settings_.command_timeout);
}

void Partition::unwatch(const hub::ChannelName& channel) {
  watches_.unwatch(channel.view());
}

void Partition::send(const ErrandPtr& errand) {
  if (state_ == State::kStopped) return errand->answer({nullptr, false});
  if (state_ != State::kUp) return send_later(errand);
  send_to(*node_, errand, false);
}

void Partition::send_to(Node& node, const ErrandPtr& errand, bool asking) {
  const auto encode = [&](std::string& out) { errand->encode(out, errand->whole_script); };
  auto on_reply = [this, errand, by = &node](const Reply& reply) { on_errand_reply(errand, *by, reply); };
  if (!errand->is_write) {
    if (asking)
      node.send([](std::string& out) { wire::append_command(out, {"ASKING"}); }, [](const Reply&) {});
    return node.send(encode, std::move(on_reply));
  }
  node.write(encode, std::move(on_reply));
  if (settings_.min_replicas == 0) return;
  node.await_replicas([errand, attempt = ++errand->attempt](bool reached) {
    if (errand->attempt == attempt) errand->replicated(reached);
  });
}

void Partition::on_errand_reply(const ErrandPtr& errand, Node& by, const Reply& reply) {
  if (reply.value == nullptr || !reply.value->is_error()) return errand->answer(reply);
  const std::string_view error = reply.value->text();
  switch (classify(error)) {
    case Refusal::kNoScript:
      if (std::exchange(errand->whole_script, true)) break;
      return send(errand);
    case Refusal::kMoved:
      metrics_.add(metrics::Counter::kStorageRedirects);
      send_later(errand);
      if (node_ == &by) on_refusal(by, error);
      return;
    case Refusal::kAsk:
      metrics_.add(metrics::Counter::kStorageRedirects);
      return ask_elsewhere(errand, by, parse_redirect(error));
    case Refusal::kTryAgain:
      return send_later(errand);
    case Refusal::kClusterDown:
      owner_.on_unserved();
      if (errand->is_write) break;
      return send_later(errand);
    case Refusal::kWrongServer:
      by.fail("Redis answered: " + std::string(error));
      break;
    default:
      break;
  }
  errand->answer(reply);
}

void Partition::ask_elsewhere(const ErrandPtr& errand, Node& by, const Redirect& redirect) {
  Node* node = errand->is_read ? owner_.asked_node(by, redirect) : nullptr;
  if (node == nullptr) return send_later(errand);
  ++errand->attempt;
  send_to(*node, errand, true);
}

void Partition::send_later(const ErrandPtr& errand) {
  ++errand->attempt;  // a WAIT behind the attempt that failed says nothing
  if (state_ == State::kStopped) return errand->answer({nullptr, false});
  if (errands_.size() >= settings_.max_pending_commands) {
    metrics_.add(metrics::Counter::kStorageQueueFull);
    return errand->answer({nullptr, false});
  }
  errands_.push_back(errand);
  if (std::exchange(errands_scheduled_, true)) return;
  errand_timer_.expires_after(kRetry);
  errand_timer_.async_wait([this, alive = std::weak_ptr<int>(alive_)](boost::system::error_code error) {
    if (error || alive.expired()) return;
    errands_scheduled_ = false;
    send_waiting();
  });
}

void Partition::send_waiting() {
  const SteadyTime now = loop_.clock().steady();
  std::deque<ErrandPtr> errands;
  errands.swap(errands_);
  for (const ErrandPtr& errand : errands) {
    if (now >= errand->deadline) {
      errand->answer({nullptr, false});
    } else {
      send(errand);
    }
  }
}

Error Partition::queue_full() {
  metrics_.add(metrics::Counter::kStorageQueueFull);
  return make_error(ErrorKind::kUnavailable, "storage_queue_full", "too many commands wait for Redis");
}

Error Partition::down() const {
  return make_error(ErrorKind::kUnavailable, "storage_down", "Redis does not answer: " + why_);
}

}  // namespace relay::redis
