#include "storage/redis/watches.hpp"

#include <cassert>
#include <utility>
#include <vector>

namespace relay::redis {

const hub::ChannelName* Watches::find(std::string_view channel) const {
  const auto found = watches_.find(channel);
  return found == watches_.end() || !found->second.wanted ? nullptr : &found->second.name;
}

void Watches::ask(bool subscribe, Watch& watch) {
  ++watch.awaited;
  ask_(subscribe, watch.name);
}

void Watches::watch(hub::ChannelName channel, hub::WatchDone done, SteadyTime deadline) {
  const auto found = watches_.find(channel.view());
  Watch& watch = found != watches_.end() ? found->second : watches_[channel.view()];
  assert(found == watches_.end() || !watch.wanted);
  if (found == watches_.end()) watch.name = channel;
  watch.wanted = true;
  watch.done = std::move(done);
  watch.serial = next_serial_++;
  waiting_.push_back({deadline, watch.name, watch.serial});
  if (alive_) ask(true, watch);
}

void Watches::unwatch(std::string_view channel) {
  const auto found = watches_.find(channel);
  if (found == watches_.end() || !found->second.wanted) return;
  Watch& watch = found->second;
  watch.wanted = false;
  watch.done = nullptr;
  if (alive_) return ask(false, watch);
  watches_.erase(found);
}

void Watches::begin_life() {
  end_life();
  alive_ = true;
  for (auto& [name, watch] : watches_) ask(true, watch);
}

void Watches::end_life() {
  alive_ = false;
  for (auto it = watches_.begin(); it != watches_.end();) {
    it->second.awaited = 0;
    it = it->second.wanted ? std::next(it) : watches_.erase(it);
  }
}

void Watches::on_confirmed(std::string_view channel) {
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

void Watches::expire(SteadyTime now) {
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    const Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    expire_one(waiting);
  }
}

void Watches::expire_one(const Waiting& waiting) {
  const auto found = watches_.find(waiting.name.view());
  if (found == watches_.end() || found->second.serial != waiting.serial || !found->second.done) return;
  const auto done = std::exchange(found->second.done, nullptr);
  unwatch(waiting.name.view());
  done(make_error(ErrorKind::kUnavailable, "storage_down", "the subscription was not confirmed in time"));
}

void Watches::give_up(const Error& error) {
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
