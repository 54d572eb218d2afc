// Knows every acknowledged message, and judges what subscribers got: loss, repetition, order, forgery.
//
// Any number of publishing threads may record while streams run; judge() after they have stopped. Ids are
// compared within a partition: an id names a message together with its partition. Only when two servers took
// themselves for the master at once may one id have been given twice: to one message that lives, and to one
// that the store has forgotten.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "support/streams.hpp"

namespace relay::test {

class Checker {
 public:
  using PartitionOf = std::function<std::uint32_t(std::string_view channel)>;
  // What may be so without being a fault.
  struct Allowed {
    bool gaps = false;
    bool repeats_after_gaps = false;    // of what is above the place that a gap named
    bool channels_interleaved = false;  // order is promised within a channel, not within a partition
  };

  // Without `partition_of` all channels are in one partition.
  explicit Checker(PartitionOf partition_of = {});

  void acknowledged(std::string_view channel, MessageId id, std::string_view payload);
  // A publish without a definite answer (504): its message may arrive, once, or not at all.
  void unknown(std::string_view payload);
  // The store itself has lost this acknowledged message: it may have arrived, or not.
  void forgotten(std::string_view channel, MessageId id);

  std::size_t count() const;
  // How many acknowledged messages of these channels have ids above `after`.
  std::size_t count(const std::set<std::string>& channels, MessageId after = 0) const;
  // The payloads of the acknowledged messages of these channels, in the order of their ids in each partition.
  std::vector<std::string> payloads(const std::set<std::string>& channels) const;
  // The ids of a channel's acknowledged messages.
  std::set<MessageId> ids(std::string_view channel) const;

  // What is wrong with `items` as the whole of what a subscriber of `channels` got who began behind `after`
  // (0: everything). Empty: nothing. Items without a channel's name or an id (raw SSE streams, there over
  // several partitions) are known by their payloads, which are then unique.
  std::string judge(const std::vector<Item>& items, const std::set<std::string>& channels,
                    MessageId after = 0) const {
    return judge(items, channels, after, Allowed{});
  }
  std::string judge(const std::vector<Item>& items, const std::set<std::string>& channels, MessageId after,
                    Allowed allowed) const;

 private:
  struct Known {
    std::string channel;
    std::string payload;
    bool forgotten = false;
  };
  using Place = std::pair<std::uint32_t, MessageId>;  // partition, id
  class Verdict;

  Place place(std::string_view channel, MessageId id) const { return {partition_of_(channel), id}; }

  const PartitionOf partition_of_;
  mutable std::mutex mutex_;
  std::multimap<Place, Known> known_;
  std::set<std::string> unknown_;
};

}  // namespace relay::test
