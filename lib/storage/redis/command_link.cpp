#include "storage/redis/command_link.hpp"

#include <cassert>
#include <charconv>

#include "storage/redis/append_script.hpp"

namespace relay::redis {
namespace {
using wire::RespValue;

std::int64_t to_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The value of a line "key:value" of INFO; empty if there is none.
std::string_view info_value(std::string_view info, std::string_view key) {
  while (!info.empty()) {
    const auto end = info.find("\r\n");
    const std::string_view line = info.substr(0, end);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ':')
      return line.substr(key.size() + 1);
    info = end == info.npos ? std::string_view() : info.substr(end + 2);
  }
  return {};
}

}  // namespace

CommandLink::CommandLink(net::IoLoop& loop, const RedisSettings& settings, std::string_view purpose,
                         Events events)
    : loop_(loop),
      settings_(settings),
      name_("relayd-" + settings.instance + "-" + std::to_string(loop.index()) + "-" + std::string(purpose)),
      events_(std::move(events)) {}

CommandLink::~CommandLink() {
  if (link_) link_->abandon();
}

void CommandLink::open() {
  assert(!link_);
  RedisLink::Events events;
  events.on_open = [this] { greet(); };
  events.on_lost = events_.on_lost;
  events.on_push = [this](const RespValue& value) {
    lost("an unexpected reply: " + std::string(value.text()));
  };
  link_ = std::make_shared<RedisLink>(loop_, settings_, name_, std::move(events));
  link_->open();
}

void CommandLink::close() {
  ready_ = false;
  const auto link = std::exchange(link_, nullptr);
  if (link) link->close();
}

void CommandLink::lost(const std::string& why) {
  events_.on_lost(why);
}

bool CommandLink::full() const {
  return link_ && (link_->pending() >= settings_.max_pending_commands ||
                   link_->unwritten_bytes() >= settings_.max_pending_bytes);
}

// Pipelined; the last answer makes the link ready.
void CommandLink::greet() {
  link_->send([](std::string& out) { wire::append_command(out, {"INFO", "replication"}); },
              [this](const Reply& reply) { on_replication(reply); });
  const Script& script = append_script(settings_.mode);
  link_->send([&](std::string& out) { wire::append_command(out, {"SCRIPT", "LOAD", script.text()}); },
              [this](const Reply& reply) {
                if (reply.value != nullptr && reply.value->is_error()) {
                  lost("SCRIPT LOAD: " + std::string(reply.value->text()));
                }
              });
  ask_time([](std::int64_t) {});
  link_->send([](std::string& out) { wire::append_command(out, {"PING"}); },
              [this](const Reply& reply) {
                if (reply.value == nullptr) return;
                if (reply.value->is_error()) return lost("PING: " + std::string(reply.value->text()));
                ready_ = true;
                events_.on_ready();
              });
}

// A replica can be read and subscribed to, and would look well until the first append.
void CommandLink::on_replication(const Reply& reply) {
  if (reply.value == nullptr) return;
  const std::string_view info = reply.value->is_error() ? std::string_view() : reply.value->text();
  replication_id_ = info_value(info, "master_replid");
  if (info_value(info, "role") == "slave") lost("it is a replica, which takes no messages");
}

void CommandLink::ask_time(std::function<void(std::int64_t)> on_time) {
  const SteadyTime asked = loop_.clock().steady();
  link_->send([](std::string& out) { wire::append_command(out, {"TIME"}); },
              [this, asked, on_time = std::move(on_time)](const Reply& reply) {
                if (reply.value == nullptr || reply.value->size() != 2) return on_time(0);
                const RespValue& time = *reply.value;
                redis_ms_ = to_number(time[0].text()) * 1000 + to_number(time[1].text()) / 1000;
                redis_ms_at_ = asked + (loop_.clock().steady() - asked) / 2;
                on_time(redis_ms_);
              });
}

std::int64_t CommandLink::redis_now_ms() const {
  const auto since = loop_.clock().steady() - redis_ms_at_;
  return redis_ms_ + std::chrono::duration_cast<Milliseconds>(since).count();
}

}  // namespace relay::redis
