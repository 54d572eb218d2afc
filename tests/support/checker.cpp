#include "support/checker.hpp"

#include <optional>
#include <unordered_map>

namespace relay::test {
namespace {

std::string text_of(const Item& item) {
  return item.channel + " id " + std::to_string(item.id);
}

}  // namespace

// One subscriber's items, one after the other.
class Checker::Verdict {
 public:
  Verdict(const Checker& checker, const std::set<std::string>& channels, MessageId after, Allowed allowed)
      : checker_(checker), channels_(channels), after_(after), allowed_(allowed) {
    for (const std::string& channel : channels) partitions_.insert(checker.partition_of_(channel));
  }

  std::string take(const Item& item) {
    if (item.kind == Item::Kind::kGap && !allowed_.gaps) return "a gap was told: " + item.data;
    if (item.kind != Item::Kind::kMessage) return {};
    const std::optional<Place> place = find(item);
    if (!place) return take_stranger(item);
    if (!seen_.insert(*place).second) return "repeated: " + text_of(item) + ' ' + item.data;
    const auto found = checker_.known_.find(*place);
    const bool is_known = found != checker_.known_.end();
    const std::string& channel = is_known ? found->second.channel : item.channel;
    MessageId& previous = previous_.try_emplace(order_of(place->first, channel), after_).first->second;
    if (place->second <= previous) {
      return "out of order: " + text_of(item) + ' ' + item.data + " behind " + std::to_string(previous);
    }
    previous = place->second;
    if (!is_known) return take_stranger(item);
    if (!item.channel.empty() && item.channel != channel) return "wrong channel: " + text_of(item);
    if (channels_.count(channel) == 0) return "not asked for: " + text_of(item);
    if (item.data != found->second.payload) return "changed on the way: " + text_of(item) + ' ' + item.data;
    return {};
  }

  std::string lost() const {
    std::size_t lost = 0;
    std::string first;
    for (const std::uint32_t partition : partitions_) {
      for (auto at = checker_.known_.upper_bound({partition, after_});
           at != checker_.known_.end() && at->first.first == partition; ++at) {
        const Known& known = at->second;
        if (known.forgotten || channels_.count(known.channel) == 0 || seen_.count(at->first) != 0) continue;
        if (lost++ == 0)
          first = known.channel + " id " + std::to_string(at->first.second) + ' ' + known.payload;
      }
    }
    return lost == 0 ? std::string() : "lost " + std::to_string(lost) + ", the first " + first;
  }

 private:
  // Nothing: known neither by its id nor by its payload.
  std::optional<Place> find(const Item& item) {
    if (item.id != 0 && !item.channel.empty()) return checker_.place(item.channel, item.id);
    if (item.id != 0 && partitions_.size() == 1) return Place(*partitions_.begin(), item.id);
    if (by_payload_.empty()) {
      for (const auto& [place, known] : checker_.known_) by_payload_.emplace(known.payload, place);
    }
    const auto found = by_payload_.find(item.data);
    if (found == by_payload_.end()) return {};
    return found->second;
  }

  std::string take_stranger(const Item& item) {
    if (checker_.unknown_.count(item.data) == 0)
      return "never acknowledged: " + text_of(item) + ' ' + item.data;
    if (!strangers_.insert(item.data).second) return "repeated: " + text_of(item) + ' ' + item.data;
    return {};
  }

  std::string order_of(std::uint32_t partition, const std::string& channel) const {
    return allowed_.channels_interleaved ? channel : std::to_string(partition);
  }

  const Checker& checker_;
  const std::set<std::string>& channels_;
  const MessageId after_;
  const Allowed allowed_;
  std::set<std::uint32_t> partitions_;
  std::map<std::string, MessageId> previous_;
  std::set<Place> seen_;
  std::set<std::string> strangers_;
  std::unordered_map<std::string, Place> by_payload_;
};

Checker::Checker(PartitionOf partition_of)
    : partition_of_(partition_of ? std::move(partition_of) : [](std::string_view) { return 0U; }) {}

void Checker::acknowledged(std::string_view channel, MessageId id, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  known_[place(channel, id)] = {std::string(channel), std::string(payload)};
}

void Checker::unknown(std::string_view payload) {
  const std::lock_guard lock(mutex_);
  unknown_.emplace(payload);
}

void Checker::forgotten(std::string_view channel, MessageId id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = known_.find(place(channel, id)); found != known_.end())
    found->second.forgotten = true;
}

std::size_t Checker::count() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

std::size_t Checker::count(const std::set<std::string>& channels, MessageId after) const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [place, known] : known_) sum += place.second > after ? channels.count(known.channel) : 0;
  return sum;
}

std::vector<std::string> Checker::payloads(const std::set<std::string>& channels) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [place, known] : known_) {
    if (!known.forgotten && channels.count(known.channel) != 0) found.push_back(known.payload);
  }
  return found;
}

std::set<MessageId> Checker::ids(std::string_view channel) const {
  const std::lock_guard lock(mutex_);
  std::set<MessageId> found;
  for (const auto& [place, known] : known_) {
    if (known.channel == channel) found.insert(place.second);
  }
  return found;
}

std::string Checker::judge(const std::vector<Item>& items, const std::set<std::string>& channels,
                           MessageId after, Allowed allowed) const {
  const std::lock_guard lock(mutex_);
  Verdict verdict(*this, channels, after, allowed);
  for (const Item& item : items) {
    if (std::string wrong = verdict.take(item); !wrong.empty()) return wrong;
  }
  return verdict.lost();
}

}  // namespace relay::test
