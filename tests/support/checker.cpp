#include "support/checker.hpp"

namespace relay::test {

void Checker::acknowledged(std::string_view channel, MessageId id, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  known_[id] = {std::string(channel), std::string(payload)};
}

void Checker::unknown(std::string_view payload) {
  const std::lock_guard lock(mutex_);
  unknown_.emplace(payload);
}

std::size_t Checker::count() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

std::size_t Checker::count(const std::set<std::string>& channels, MessageId after) const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (auto at = known_.upper_bound(after); at != known_.end(); ++at) sum += channels.count(at->second.channel);
  return sum;
}

std::string Checker::judge(const std::vector<Item>& items, const std::set<std::string>& channels, MessageId after) const {
  const std::lock_guard lock(mutex_);
  const auto at_item = [](const Item& item) { return item.channel + " id " + std::to_string(item.id); };
  MessageId previous = after;
  std::set<MessageId> seen;
  for (const Item& item : items) {
    if (item.kind == Item::Kind::kGap) return "a gap was told: " + item.data;
    if (item.kind != Item::Kind::kMessage) continue;
    if (!seen.insert(item.id).second) return "repeated: " + at_item(item);
    if (item.id <= previous) return "out of order: " + at_item(item) + " behind " + std::to_string(previous);
    previous = item.id;
    const auto found = known_.find(item.id);
    if (found == known_.end()) {
      if (unknown_.count(item.data) == 0) return "never acknowledged: " + at_item(item) + ' ' + item.data;
      continue;
    }
    if (!item.channel.empty() && item.channel != found->second.channel) return "wrong channel: " + at_item(item);
    if (channels.count(found->second.channel) == 0) return "not asked for: " + at_item(item);
    if (item.data != found->second.payload) return "changed on the way: " + at_item(item) + ' ' + item.data;
  }
  std::size_t lost = 0;
  std::string first;
  for (auto at = known_.upper_bound(after); at != known_.end(); ++at) {
    if (channels.count(at->second.channel) == 0 || seen.count(at->first) != 0) continue;
    if (lost++ == 0) first = at->second.channel + " id " + std::to_string(at->first);
  }
  return lost == 0 ? std::string() : "lost " + std::to_string(lost) + ", the first " + first;
}

}  // namespace relay::test
