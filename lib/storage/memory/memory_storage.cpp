#include "storage/memory/memory_storage.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace relay::memory {
namespace {

// Taken from the inbox in one turn: what that makes for a subscriber is on its way before the next is taken.
constexpr std::size_t kBytesPerTurn = 256 * 1024;

}  // namespace

MemoryStorage::MemoryStorage(net::IoLoop& loop, std::shared_ptr<MemoryStore> store)
    : store_(std::move(store)),
      loop_(loop),
      inbox_(std::make_shared<Inbox>([this] { loop_.post([this] { drain(); }); }, store_->max_inbox_bytes())),
      slot_(store_->add_inbox(inbox_)),
      since_ms_(loop.clock().wall_ms()) {}

void MemoryStorage::drain() {
  Inbox::Taken taken = inbox_->take(kBytesPerTurn);
  events().on_announced_together(taken.deliveries);
  if (taken.more) return loop_.post([this] { drain(); });
  for (const hub::Skipped& skipped : taken.skipped) events().on_skipped(skipped);
  if (!taken.missed_kept) return;
  events().on_interrupted();
  events().on_restored();
}

void MemoryStorage::append(hub::AppendRequest&& request, hub::AppendDone done) {
  if (waiting_.empty()) loop_.at_end_of_turn([this] { settle(); });
  waiting_.push_back({MemoryStore::Append(std::move(request)), std::move(done)});
  if (waiting_.size() >= kMostTogether) settle();
}

// Beside an append by itself, each under its own lock: see "the appends of a turn together" in
// docs/performance.md. What an answer publishes anew waits for the end of the turn. The inbox is drained in a
// turn of its own, behind the answers: they leave before the message reaches anybody on this loop, and one
// drain takes what a turn published.
void MemoryStorage::settle() {
  if (settling_ || waiting_.empty()) return;
  settling_ = true;
  store_waiting();
  settled_.swap(waiting_);
  stored_ = 0;
  const bool filled = std::exchange(filled_, false);
  for (const Waiting& one : settled_) one.done(*one.append.answer);
  settled_.clear();
  settling_ = false;
  if (filled) loop_.post([this] { drain(); });
}

// Answers none: whoever asks for something here is not to be called for something else meanwhile.
void MemoryStorage::store_waiting() {
  for (auto left = std::span(waiting_).subspan(stored_); !left.empty();) {
    const auto some = left.first(std::min(left.size(), kMostTogether));
    std::array<MemoryStore::Append*, kMostTogether> appends{};
    std::transform(some.begin(), some.end(), appends.begin(), [](Waiting& one) { return &one.append; });
    filled_ |= store_->append(std::span(appends).first(some.size()), slot_);
    left = left.subspan(some.size());
  }
  stored_ = waiting_.size();
}

void MemoryStorage::read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) {
  store_waiting();
  done(store_->read(queries));
}

void MemoryStorage::watch(hub::ChannelName channel, hub::WatchDone done) {
  store_waiting();
  store_->watch(channel, slot_);
  done(true);
}

void MemoryStorage::unwatch(const hub::ChannelName& channel) {
  store_waiting();
  store_->unwatch(channel, slot_);
}

std::vector<hub::NodeHealth> MemoryStorage::health() const {
  hub::NodeHealth node;
  node.name = "memory";
  node.up = true;
  node.since_ms = since_ms_;
  return {node};
}

}  // namespace relay::memory
