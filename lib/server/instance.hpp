// This process as one instance among others: says that it lives, tells the registry who is present, removes
// the dead, and passes joins and leaves on to those who listen for them.
//
// First loop's thread only, but where said otherwise. Each loop notes who joins and leaves, and collect()
// hands that over by a post (one thread hop); the registry's losses are mended by asking each loop for
// everybody (two hops).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "frontend/context.hpp"
#include "hub/registry.hpp"
#include "metrics/loop_metrics.hpp"
#include "server/presence_recorder.hpp"

namespace relay::server {

class Instance final : public hub::RegistryEvents {
 public:
  // Before the loops run. REQUIRES: shared.loops is complete; the loops outlive this object.
  explicit Instance(frontend::Shared& shared);
  ~Instance() override;
  // Before the loops run; `registry` tells its events to this object.
  void attach(std::unique_ptr<hub::Registry> registry);
  // On that loop, every 100 ms: hands over who joined and left there.
  void collect(frontend::LoopContext& there);

  void start();
  void tick();  // every 100 ms
  // Takes the instance out of the registry; nothing but the destructor may follow.
  void retire(std::function<void()> done);

  // hub::RegistryEvents
  void on_lost(std::uint64_t token) override;
  void on_present(const hub::Present& who, std::string_view channel, bool joined) override;

 private:
  void beat();
  bool beat_is_due(std::int64_t now_ms);
  hub::InstanceStatus status(std::int64_t now_ms);
  std::int64_t total(metrics::Counter counter) const;
  std::int64_t clients() const;
  bool store_came_back();

  frontend::LoopContext& home_;
  std::vector<std::unique_ptr<PresenceRecorder>> recorders_;  // by loop; that loop's alone
  std::unique_ptr<hub::Registry> registry_;
  const std::string host_;
  std::int64_t beat_ms_ = 0;  // steady; the last beat, and what was so at it
  std::int64_t sweep_ms_ = 0;
  std::int64_t clients_at_beat_ = 0;
  bool draining_at_beat_ = false;
  std::int64_t published_at_beat_ = 0;
  std::int64_t delivered_at_beat_ = 0;
  std::int64_t store_since_ms_ = 0;
};

}  // namespace relay::server
