#include "storage/redis/bus_link.hpp"

#include <boost/asio/post.hpp>
#include <cassert>

#include "base/log.hpp"
#include "storage/redis/record.hpp"

namespace relay::redis {
using wire::RespCommand;
using wire::RespValue;

BusLink::BusLink(net::IoLoop& loop, const RedisSettings& settings, const Keyspace& keys, Events events)
    : loop_(loop),
      settings_(settings),
      keys_(keys),
      events_(std::move(events)),
      probe_topic_(keys.probe(settings.instance, loop.index())) {}

BusLink::~BusLink() {
  if (link_) link_->abandon();
}

void BusLink::open() {
  assert(!link_);
  RedisLink::Events events;
  events.on_open = [this] { subscribe_all(); };
  events.on_lost = events_.on_lost;
  events.on_push = [this](const RespValue& value) { on_push(value); };
  const std::string name = "relayd-" + settings_.instance + "-" + std::to_string(loop_.index()) + "-bus";
  link_ = std::make_shared<RedisLink>(loop_, settings_, name, std::move(events));
  link_->open();
}

void BusLink::close() {
  subscribing_ = ready_ = whole_ = false;
  asks_.clear();
  const auto link = std::exchange(link_, nullptr);
  if (link) link->close();
  for (auto it = watches_.begin(); it != watches_.end();) {
    it->second.awaited = 0;
    it = it->second.wanted ? std::next(it) : watches_.erase(it);
  }
}

// The probe topic first: hearing its confirmation proves that this user may subscribe.
void BusLink::subscribe_all() {
  link_->send_unanswered([&](std::string& out) { wire::append_command(out, {"SUBSCRIBE", probe_topic_}); });
  subscribing_ = true;
  for (auto& [name, watch] : watches_) {
    watch.awaited = 0;
    ask(true, watch);
  }
  to_whole_ = 1 + watches_.size();
}

void BusLink::ask(bool subscribe, Watch& watch) {
  ++watch.awaited;
  asks_.push_back({subscribe, watch.name});
  schedule_asks();
}

void BusLink::schedule_asks() {
  if (std::exchange(asks_scheduled_, true)) return;
  boost::asio::post(loop_.context(), [this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    asks_scheduled_ = false;
    send_asks();
  });
}

// Runs of the same kind become one command of at most kBatch topics.
void BusLink::send_asks() {
  if (!link_) return asks_.clear();
  std::size_t begin = 0;
  while (begin < asks_.size()) {
    std::size_t end = begin;
    while (end < asks_.size() && end - begin < kBatch && asks_[end].subscribe == asks_[begin].subscribe) ++end;
    link_->send_unanswered([&](std::string& out) {
      RespCommand command(out, 1 + end - begin);
      command.arg(asks_[begin].subscribe ? "SUBSCRIBE" : "UNSUBSCRIBE");
      for (std::size_t i = begin; i < end; ++i) command.arg(keys_.bus(asks_[i].name.view()));
    });
    begin = end;
  }
  asks_.clear();
}

void BusLink::watch(hub::ChannelName channel, hub::WatchDone done) {
  const auto found = watches_.find(channel.view());
  Watch& watch = found != watches_.end() ? found->second : watches_[channel.view()];
  assert(found == watches_.end() || !watch.wanted);
  if (found == watches_.end()) watch.name = channel;
  watch.wanted = true;
  watch.done = std::move(done);
  watch.serial = next_serial_++;
  waiting_.push_back({loop_.clock().steady() + settings_.command_timeout, watch.name, watch.serial});
  if (subscribing_) ask(true, watch);
}

void BusLink::unwatch(std::string_view channel) {
  const auto found = watches_.find(channel);
  if (found == watches_.end() || !found->second.wanted) return;
  Watch& watch = found->second;
  watch.wanted = false;
  watch.done = nullptr;
  if (subscribing_) return ask(false, watch);
  watches_.erase(found);
}

void BusLink::on_push(const RespValue& value) {
  if (value.is_error()) return events_.on_lost("SUBSCRIBE: " + std::string(value.text()));
  if (value.size() != 3) return;
  const std::string_view kind = value[0].text();
  const std::string_view topic = value[1].text();
  if (kind == "message") return on_message(topic, value[2].text());
  if (kind == "subscribe" || kind == "unsubscribe") return on_confirmed(topic);
}

void BusLink::on_confirmed(std::string_view topic) {
  if (topic == probe_topic_) {
    ready_ = true;
    events_.on_ready();
  } else {
    settle(keys_.channel_of(topic));
  }
  if (to_whole_ > 0) --to_whole_;
  check_whole();
}

void BusLink::settle(std::string_view channel) {
  const auto found = watches_.find(channel);
  if (found == watches_.end() || found->second.awaited == 0) return;
  Watch& watch = found->second;
  if (--watch.awaited > 0) return;
  if (!watch.wanted) {
    watches_.erase(found);
  } else if (const auto done = std::exchange(watch.done, nullptr)) {
    done(true);
  }
}

void BusLink::check_whole() {
  if (whole_ || to_whole_ > 0 || !link_) return;
  whole_ = true;
  events_.on_whole();
}

// Hot: once per announcement.
void BusLink::on_message(std::string_view topic, std::string_view record) {
  if (topic == probe_topic_) return events_.on_probe();
  const auto found = watches_.find(keys_.channel_of(topic));
  if (found == watches_.end() || !found->second.wanted) return;
  auto message = parse_record(record, found->second.name);
  if (!message) {
    return log::warning("storage.bad_record", "an announcement is not a record; it is dropped",
                        {{"channel", found->second.name.view()}});
  }
  events_.on_message(hub::DeliveryPtr(new hub::Delivery(std::move(message))));
}

void BusLink::expire(SteadyTime now) {
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    const Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    expire_one(waiting);
  }
}

void BusLink::expire_one(const Waiting& waiting) {
  const auto found = watches_.find(waiting.name.view());
  if (found == watches_.end() || found->second.serial != waiting.serial || !found->second.done) return;
  const auto done = std::exchange(found->second.done, nullptr);
  unwatch(waiting.name.view());
  done(make_error(ErrorKind::kUnavailable, "storage_down", "the subscription was not confirmed in time"));
}

void BusLink::give_up(const Error& error) {
  std::vector<hub::WatchDone> unanswered;
  std::vector<hub::ChannelName> names;
  for (auto& [name, watch] : watches_) {
    if (!watch.done) continue;
    unanswered.push_back(std::exchange(watch.done, nullptr));
    names.push_back(watch.name);
  }
  for (const hub::ChannelName& name : names) unwatch(name.view());
  for (const auto& done : unanswered) done(error);
}

}  // namespace relay::redis
