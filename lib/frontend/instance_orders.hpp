// Orders from one instance to another: an operator asks any relayd, and the one that he names obeys.
//
// An order is an ephemeral message of the channel `$instance:<id>`, which the other's BusListener hears; its
// first loop carries the order out and answers on `$instance:<asker>`. Both are JSON:
//   event "order"   {"number","by","verb":"drain"|"undrain","spread_ms"?}
//   event "obeyed"  {"number","draining","clients"}
// First loop's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "frontend/context.hpp"
#include "hub/message.hpp"

namespace relay::frontend {

// Out of rotation, its clients sent away over `spread` (none: its own drain.spread); or back.
struct RotationOrder {
  bool drain = true;
  std::optional<Milliseconds> spread;
};
struct Rotation {
  bool draining = false;
  std::int64_t clients = 0;  // connected at that moment
};

class InstanceOrders {
 public:
  using Done = std::function<void(Result<Rotation>)>;
  static constexpr Milliseconds kPatience{3'000};
  static constexpr std::size_t kMostPending = 64;

  // `home`: the first loop's.
  explicit InstanceOrders(LoopContext& home) : home_(home) {}

  // This instance obeys; `by` is who asked.
  Rotation obey(const RotationOrder& order, std::string_view by);
  // Another one does. `done` runs once, when it has: kNotFound "no_such_instance"; kUnavailable if it is dead
  // ("instance_dead") or the store is away; kUnknown "not_obeyed" if it did not say so within kPatience;
  // kLimited "busy".
  void send(const std::string& instance, const RotationOrder& order, Done done);

  // What came on this instance's channel. False: it is neither an order nor an answer.
  bool take(const hub::Message& message);
  void tick();  // every 100 ms

 private:
  struct Pending {
    std::string instance;
    std::int64_t until_ms;
    Done done;
  };
  void send_to_living(const std::string& instance, const RotationOrder& order, Done done);
  void take_order(const hub::Message& message);
  void take_answer(const hub::Message& message);
  void publish(const std::string& instance, std::string_view event, std::string json,
               std::function<void(const Error&)> on_error);
  void finish(std::uint64_t number, const Result<Rotation>& result);

  LoopContext& home_;
  std::map<std::uint64_t, Pending> pending_;  // by number, which is the order of their deadlines
  std::uint64_t next_number_ = 1;
};

}  // namespace relay::frontend
