// The storage contract over a MemoryStore: one per loop. Nothing leaves the process, so every answer comes
// before the call returns, but for appends: those of a turn are stored together and answered at its end. A
// read or a watch comes behind the appends that were asked for before it. What the loop's inbox had no room
// for is announced as an interruption that is over at once: the hub reads it. Loop thread only.
#pragma once

#include <memory>
#include <vector>

#include "hub/storage.hpp"
#include "net/io_loop.hpp"
#include "storage/memory/memory_store.hpp"

namespace relay::memory {

class MemoryStorage final : public hub::SoleStorage {
 public:
  // Before the loops run. Its events outlive the loop's last turn.
  MemoryStorage(net::IoLoop& loop, std::shared_ptr<MemoryStore> store);

  void append(hub::AppendRequest&& request, hub::AppendDone done) override;
  void read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) override;
  void watch(hub::ChannelName channel, hub::WatchDone done) override;
  void unwatch(const hub::ChannelName& channel) override;
  void settle() override;
  std::vector<hub::NodeHealth> health() const override;

 private:
  struct Waiting {
    MemoryStore::Append append;
    hub::AppendDone done;
  };
  void store_waiting();
  void drain();

  std::shared_ptr<MemoryStore> store_;
  net::IoLoop& loop_;
  // Of one turn; more than kMostTogether only from within answers.
  std::vector<Waiting> waiting_;
  std::size_t stored_ = 0;        // of them; they wait for their answers alone
  bool filled_ = false;           // the inbox, by what was stored since the last settle()
  std::vector<Waiting> settled_;  // being answered
  bool settling_ = false;
  std::shared_ptr<Inbox> inbox_;
  unsigned slot_;
  std::int64_t since_ms_;
};

}  // namespace relay::memory
