#include "server/presence_recorder.hpp"

namespace relay::server {

void PresenceRecorder::on_joined(const hub::ChannelName& channel, const hub::SubscriberInfo& info) {
  const auto [at, added] = entries_.try_emplace({std::string(channel.view()), info.number});
  at->second.change = {channel, loop_, info.number, info.transport, info.since_ms};
  if (added) at->second.fresh = true;
}

void PresenceRecorder::on_left(const hub::ChannelName& channel, std::uint32_t number) {
  const auto [at, added] = entries_.try_emplace({std::string(channel.view()), number});
  if (!added && at->second.fresh) {
    entries_.erase(at);
    return;
  }
  at->second.change = {channel, loop_, number, {}, 0};
}

std::vector<hub::PresenceChange> PresenceRecorder::take() {
  std::vector<hub::PresenceChange> changes;
  changes.reserve(entries_.size());
  for (auto& [key, entry] : entries_) changes.push_back(std::move(entry.change));
  entries_.clear();
  return changes;
}

}  // namespace relay::server
