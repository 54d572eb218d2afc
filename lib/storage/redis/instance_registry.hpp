// The registry contract on Redis: this instance's beats, the presence of its clients, and the purge of dead
// ones. One per process; executor's thread only.
//
// Each partition stands for itself:
//
//   silent -> (beat) -> wiping -> open        wiping: what an earlier life of this id left is removed
//      ^                          |           open: changes go out, at most kBatch at a time, one batch under
//      way
//      +----- lost, or refused <--+
//
// A beat finds the token it left, or partition and store have lost this instance: purged by others while it
// was silent, emptied, or taken by another process of the same id. Then everything is entered anew (on_lost,
// refill). An update is refused by a partition where the token does not stand, so nothing is entered that no
// purge would find.
//
// Changes wait in a map by client and channel: the last one counts, and repeating it does no harm. More than
// kMaxPending are dropped and their partitions are wiped and refilled instead; a refill is bounded by the
// subscriptions there are. Metrics: relayd_presence_pending, relayd_presence_overflows_total.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/registry.hpp"
#include "metrics/loop_metrics.hpp"
#include "storage/redis/executor.hpp"
#include "storage/redis/instance_purge.hpp"

namespace relay::redis {

struct RegistrySettings {
  std::string instance;
  Milliseconds dead_after{90'000};
  Milliseconds timeout{5'000};  // of each command; questions of clients wait kAskTimeout at most
  std::size_t max_pending = 200'000;
};
inline constexpr Milliseconds kAskTimeout{1'000};

class InstanceRegistry final : public hub::Registry {
 public:
  // REQUIRES: all but the settings outlive it.
  InstanceRegistry(Executor& executor, RegistrySettings settings, hub::RegistryEvents& events,
                   metrics::LoopMetrics& metrics);
  ~InstanceRegistry() override;

  void beat(hub::InstanceStatus status) override;
  void update(std::vector<hub::PresenceChange> changes) override;
  void refill(std::uint64_t token, std::vector<hub::PresenceChange> everybody) override;
  void sweep() override;
  void tick() override;
  void retire(std::function<void()> done) override;
  void presence(std::string_view channel, std::uint32_t limit,
                std::function<void(Result<hub::PresenceAnswer>)> done) override;
  void instances(std::function<void(Result<std::vector<hub::Instance>>)> done) override;
  void knows(std::string_view instance, std::function<void(Result<bool>)> done) override;

 private:
  enum class State { kSilent, kWiping, kOpen };
  using Changes = std::unordered_map<std::string, std::string>;  // field of P:held:<id> to value, empty: left
  struct Partition {
    State state = State::kSilent;
    bool updating = false;
    bool needs_refill = false;
    std::uint64_t refill = 0;  // the token of the refill it waits for, or had
    Changes pending;
  };
  struct Asking;

  void beat_in(std::uint32_t number);
  void on_beat(std::uint32_t number, const Reply& reply);
  void on_beats_over();
  void on_other_token(std::uint32_t number, std::string_view known);
  void wipe(std::uint32_t number);
  void enter(std::uint32_t number, const hub::PresenceChange& change);
  void drop_pending();
  void flush(std::uint32_t number);
  void on_update(std::uint32_t number, const std::shared_ptr<Changes>& batch,
                 const std::vector<std::string>& order, const Reply& reply);
  void on_purged(PurgeReport report);
  void count_instances();
  void ask_page(const std::shared_ptr<Asking>& it, const std::string& cursor);
  void tell(const std::vector<HeldEntry>& left);
  void count_pending();
  template <class Work>
  auto guarded(Work work);  // runs only while this object lives

  Executor& executor_;
  const RegistrySettings settings_;
  hub::RegistryEvents& events_;
  metrics::LoopMetrics& metrics_;
  const std::string token_;
  std::vector<Partition> partitions_;
  hub::InstanceStatus status_;
  bool has_status_ = false;
  std::uint32_t beating_ = 0;  // partitions that have not answered the beat under way
  bool beat_again_ = false;
  bool wants_beat_ = false;  // something was refused: say that we live, soon
  int ticks_ = 0;
  std::uint64_t refills_ = 0;
  std::size_t pending_ = 0;
  bool sweeping_ = false;
  bool retired_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace relay::redis
