// One command on its way to the node that serves a partition, sent again where Redis says that nothing was
// done and another node, or a moment later, will do. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "storage/redis/redis_link.hpp"

namespace relay::redis {

class Errand {
 public:
  virtual ~Errand() = default;
  // Appends the command. `whole_script`: EVAL and not EVALSHA.
  virtual void encode(std::string& out, bool whole_script) const = 0;
  // Once: Redis's answer; null when the link was lost, or no node took it before the deadline (then not
  // written).
  virtual void answer(const Reply& reply) = 0;
  // After answer(), for writes with min_replicas: whether enough replicas have it.
  virtual void replicated(bool) {}

  SteadyTime deadline{};
  // It must reach min_replicas before it counts.
  bool is_write = false;
  // Only reads: they may be asked of a node that is about to take the slot over. What is written there would
  // be announced where nobody listens yet, so that waits until the slot has arrived.
  bool is_read = false;
  bool whole_script = false;
  std::uint32_t attempt = 0;
};
using ErrandPtr = std::shared_ptr<Errand>;

// A command and its answer as functions.
class PlainErrand final : public Errand {
 public:
  using Encode = std::function<void(std::string& out, bool whole_script)>;
  explicit PlainErrand(Encode encode) : encode_(std::move(encode)) {}
  void encode(std::string& out, bool whole) const override { encode_(out, whole); }
  void answer(const Reply& reply) override { on_reply(reply); }

  OnReply on_reply;  // set before it is sent

 private:
  const Encode encode_;
};

}  // namespace relay::redis
