// Knows every acknowledged message, and judges what subscribers got: loss, repetition, order, forgery.
//
// Any number of publishing threads may record while streams run; judge() after they have stopped.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "support/streams.hpp"

namespace relay::test {

class Checker {
 public:
  void acknowledged(std::string_view channel, MessageId id, std::string_view payload);
  // A publish without a definite answer (504): its message may arrive, once, or not at all.
  void unknown(std::string_view payload);

  std::size_t count() const;
  // How many acknowledged messages of these channels have ids above `after`.
  std::size_t count(const std::set<std::string>& channels, MessageId after = 0) const;

  // What is wrong with `items` as the whole of what a subscriber of `channels` got who began behind `after`
  // (0: everything). Empty: nothing. Streams that carry no channel names have one channel.
  std::string judge(const std::vector<Item>& items, const std::set<std::string>& channels, MessageId after = 0) const;

 private:
  struct Known {
    std::string channel;
    std::string payload;
  };
  mutable std::mutex mutex_;
  std::map<MessageId, Known> known_;
  std::set<std::string> unknown_;
};

}  // namespace relay::test
