#include "support/checker.hpp"

#include <algorithm>
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
    if (item.kind == Item::Kind::kGap) return take_gap(item);
    if (item.kind != Item::Kind::kMessage) return {};
    const std::optional<Place> place = find(item);
    if (!place) return take_stranger(item);
    if (!seen_.insert({*place, item.data}).second && !may_repeat(*place))
      return "repeated: " + text_of(item) + ' ' + item.data;
    const Known* known = find_known(*place, item);
    const std::string& channel = known != nullptr ? known->channel : item.channel;
    MessageId& previous = previous_.try_emplace(order_of(place->first, channel), after_).first->second;
    if (place->second <= previous) {
      return "out of order: " + text_of(item) + ' ' + item.data + " behind " + std::to_string(previous);
    }
    previous = place->second;
    if (known == nullptr) return take_stranger(item);
    if (!item.channel.empty() && item.channel != channel) return "wrong channel: " + text_of(item);
    if (channels_.count(channel) == 0) return "not asked for: " + text_of(item);
    if (item.data != known->payload) return "changed on the way: " + text_of(item) + ' ' + item.data;
    return {};
  }

  std::string lost() const {
    std::size_t lost = 0;
    std::string first;
    for (const std::uint32_t partition : partitions_) {
      for (auto at = checker_.known_.upper_bound({partition, after_});
           at != checker_.known_.end() && at->first.first == partition; ++at) {
        const Known& known = at->second;
        if (known.forgotten || channels_.count(known.channel) == 0) continue;
        if (seen_.count({at->first, known.payload}) != 0) continue;
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

  // What follows a gap may begin again behind the place that it names.
  std::string take_gap(const Item& item) {
    if (!allowed_.gaps) return "a gap was told: " + item.data;
    const std::uint32_t partition = checker_.partition_of_(item.channel);
    const auto lowest = lowest_gap_.try_emplace(partition, item.id).first;
    lowest->second = std::min(lowest->second, item.id);
    const auto previous = previous_.find(order_of(partition, item.channel));
    if (previous != previous_.end()) previous->second = std::min(previous->second, item.id);
    return {};
  }

  // The message with this id; of two, the one that the item says.
  const Known* find_known(const Place& place, const Item& item) const {
    const auto [first, last] = checker_.known_.equal_range(place);
    for (auto at = first; at != last; ++at) {
      if (at->second.payload == item.data) return &at->second;
    }
    return first == last ? nullptr : &first->second;
  }

  std::string take_stranger(const Item& item) {
    if (checker_.unknown_.count(item.data) == 0)
      return "never acknowledged: " + text_of(item) + ' ' + item.data;
    if (!strangers_.insert(item.data).second && !allowed_.repeats_after_gaps)
      return "repeated: " + text_of(item) + ' ' + item.data;
    return {};
  }

  bool may_repeat(const Place& place) const {
    const auto gap = lowest_gap_.find(place.first);
    return allowed_.repeats_after_gaps && gap != lowest_gap_.end() && place.second > gap->second;
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
  std::map<std::uint32_t, MessageId> lowest_gap_;  // of a partition
  std::set<std::pair<Place, std::string>> seen_;   // with their payloads
  std::set<std::string> strangers_;
  std::unordered_map<std::string, Place> by_payload_;
};

Checker::Checker(PartitionOf partition_of)
    : partition_of_(partition_of ? std::move(partition_of) : [](std::string_view) { return 0U; }) {}

void Checker::acknowledged(std::string_view channel, MessageId id, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = known_.equal_range(place(channel, id));
  for (auto at = first; at != last; ++at) {
    if (at->second.channel == channel && at->second.payload == payload) return;  // acknowledged again
  }
  known_.insert({place(channel, id), {std::string(channel), std::string(payload)}});
}

void Checker::unknown(std::string_view payload) {
  const std::lock_guard lock(mutex_);
  unknown_.emplace(payload);
}

void Checker::forgotten(std::string_view channel, MessageId id) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = known_.equal_range(place(channel, id));
  for (auto at = first; at != last; ++at) {
    if (at->second.channel == channel) at->second.forgotten = true;
  }
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
