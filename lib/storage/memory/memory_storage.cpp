#include "storage/memory/memory_storage.hpp"

namespace relay::memory {
namespace {

// Taken from the inbox in one turn: what that makes for a subscriber is on its way before the next is taken.
constexpr std::size_t kBytesPerTurn = 256 * 1024;

}  // namespace

// The inbox is drained in a turn of its own: the publisher's answer, queued in this turn, leaves before the
// message reaches anybody on this loop, and one drain takes what a turn published.
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
  done(store_->append(std::move(request)));
}

void MemoryStorage::read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) {
  done(store_->read(queries));
}

void MemoryStorage::watch(hub::ChannelName channel, hub::WatchDone done) {
  store_->watch(channel, slot_);
  done(true);
}

void MemoryStorage::unwatch(const hub::ChannelName& channel) {
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
