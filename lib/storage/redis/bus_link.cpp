#include "storage/redis/bus_link.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cassert>

namespace relay::redis {
using wire::RespCommand;
using wire::RespValue;

BusLink::BusLink(net::IoLoop& loop, const RedisSettings& settings, Events events)
    : loop_(loop),
      settings_(settings),
      sharded_(settings.mode == Mode::kCluster),
      events_(std::move(events)) {}

BusLink::~BusLink() {
  if (link_) link_->abandon();
}

void BusLink::open() {
  assert(!link_);
  RedisLink::Events events;
  events.on_open = [this] {
    open_ = true;
    events_.on_open();
  };
  events.on_lost = events_.on_lost;
  events.on_push = [this](const RespValue& value) { on_push(value); };
  const std::string name = "relayd-" + settings_.instance + "-" + std::to_string(loop_.index()) + "-bus";
  link_ = std::make_shared<RedisLink>(loop_, settings_, name, std::move(events));
  link_->open();
}

void BusLink::close() {
  open_ = false;
  asks_.clear();
  sent_.clear();
  const auto link = std::exchange(link_, nullptr);
  if (link) link->close();
}

void BusLink::ask(Asker asker, bool subscribe, std::string topic) {
  if (!open_) return;
  asks_.push_back({asker, subscribe, std::move(topic)});
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

// Sorted by partition, which leaves the asks of one topic in their order.
void BusLink::send_asks() {
  std::stable_sort(asks_.begin(), asks_.end(),
                   [](const Ask& a, const Ask& b) { return a.asker.partition < b.asker.partition; });
  for (auto begin = asks_.begin(); begin != asks_.end();) {
    auto end = begin + 1;
    while (end != asks_.end() && end - begin < static_cast<std::ptrdiff_t>(kBatch) &&
           end->subscribe == begin->subscribe && end->asker == begin->asker) {
      ++end;
    }
    send_one(begin, end);
    begin = end;
  }
  asks_.clear();
}

void BusLink::send_one(std::vector<Ask>::iterator begin, std::vector<Ask>::iterator end) {
  Sent sent{begin->asker, begin->subscribe, {}};
  for (auto at = begin; at != end; ++at) sent.topics.push_back(std::move(at->topic));
  link_->send_unanswered([&](std::string& out) {
    RespCommand command(out, 1 + sent.topics.size());
    if (sharded_) command.arg(sent.subscribe ? "SSUBSCRIBE" : "SUNSUBSCRIBE");
    if (!sharded_) command.arg(sent.subscribe ? "SUBSCRIBE" : "UNSUBSCRIBE");
    for (const std::string& topic : sent.topics) command.arg(topic);
  });
  sent_.push_back(std::move(sent));
}

// Hot: once per announcement.
void BusLink::on_push(const RespValue& value) {
  if (value.is_error()) return on_error(value.text());
  if (value.size() != 3) return;
  std::string_view kind = value[0].text();
  if (sharded_ && kind.starts_with('s')) kind.remove_prefix(1);  // smessage, ssubscribe, sunsubscribe
  if (kind == "message") return events_.on_message(value[1].text(), value[2].text());
  if (kind == "subscribe" || kind == "unsubscribe") on_confirmation(kind == "subscribe", value[1].text());
}

void BusLink::on_confirmation(bool subscribe, std::string_view topic) {
  if (sent_.empty() || sent_.front().subscribe != subscribe ||
      sent_.front().topics[sent_.front().confirmed] != topic) {
    if (!subscribe) events_.on_dropped(topic);
    return;
  }
  const Asker asker = sent_.front().asker;
  if (++sent_.front().confirmed == sent_.front().topics.size()) sent_.pop_front();
  events_.on_confirmed(asker, topic);
}

void BusLink::on_error(std::string_view text) {
  if (sent_.empty()) return events_.on_lost("an unexpected error: " + std::string(text));
  const Asker asker = sent_.front().asker;
  sent_.pop_front();
  events_.on_refused(asker, text);
}

}  // namespace relay::redis
