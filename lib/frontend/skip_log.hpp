// What a slow reader of ephemeral channels was not given, to be told when there is room again. Loop thread
// only.
//
// Bounded: beyond kMaxChannels channels the rest is counted to the last one named, so that the ids told still
// span everything skipped there.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "hub/message.hpp"
#include "hub/subscription.hpp"

namespace relay::frontend {

class SkipLog {
 public:
  bool empty() const { return gaps_ == nullptr; }
  void note(const hub::Message& message) {
    if (gaps_ == nullptr) gaps_ = std::make_unique<std::vector<hub::Gap>>();
    auto at = std::find_if(gaps_->begin(), gaps_->end(),
                           [&](const hub::Gap& gap) { return gap.channel.view() == message.channel(); });
    if (at == gaps_->end()) {
      if (gaps_->size() == kMaxChannels) gaps_->pop_back();
      at = gaps_->insert(gaps_->end(), {message.channel_name(), message.id() - 1, message.id() + 1});
    }
    at->first = message.id() + 1;
  }
  std::vector<hub::Gap> take() { return std::move(*std::exchange(gaps_, nullptr)); }

 private:
  static constexpr std::size_t kMaxChannels = 64;
  std::unique_ptr<std::vector<hub::Gap>> gaps_;  // nullptr almost always
};

}  // namespace relay::frontend
