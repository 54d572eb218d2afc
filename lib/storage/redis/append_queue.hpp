// The appends of a partition on their way to Redis. Loop thread only.
//
// One batch is out at a time; what comes meanwhile goes with the next one, when the answer is there. So the
// batches grow with the load, and one that is sent again (another node, a script that Redis forgot) is not
// overtaken: the order within a channel is that of push(). What a turn of the loop brings goes together.
//
// Every append is answered once, by its deadline: within push() at the earliest. It owns what waits and what
// is out.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "hub/storage.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/io_loop.hpp"
#include "storage/redis/append_script.hpp"
#include "storage/redis/errand.hpp"

namespace relay::redis {

// Appends of a loop, of all its partitions, that are not answered: together they are bounded.
struct AppendLoad {
  std::size_t appends = 0;
  std::size_t bytes = 0;
  bool full(const RedisSettings& settings) const {
    return appends >= settings.max_pending_commands || bytes >= settings.max_pending_bytes;
  }
};

class AppendQueue {
 public:
  struct Events {
    std::function<void(const ErrandPtr&)> send;
    std::function<void(MessageId)> on_stored;  // the highest id of a batch
  };
  // REQUIRES: all that is referred to outlives it.
  AppendQueue(net::IoLoop& loop, const RedisSettings& settings, metrics::LoopMetrics& metrics,
              const Keyspace& keys, AppendLoad& load, Events events);
  ~AppendQueue();

  void push(hub::AppendRequest&& request, hub::AppendDone done);
  // Nobody will take what waits: it is not stored. What is out is answered by its errand.
  void refuse();
  // Answers what is late, waiting or out.
  void expire(SteadyTime now);

 private:
  class Batch;
  void schedule();
  void send_batch();
  std::vector<Append> take_batch();
  void on_answered(MessageId highest);
  void finish(Append& append, Result<hub::Appended> answer);
  Milliseconds renewal_of(Milliseconds max_age, SteadyTime now);

  net::IoLoop& loop_;
  const RedisSettings& settings_;
  metrics::LoopMetrics& metrics_;
  const Keyspace& keys_;
  AppendLoad& load_;
  const Events events_;

  std::deque<Append> waiting_;  // the oldest first, and so by deadline
  std::shared_ptr<Batch> out_;
  bool scheduled_ = false;
  std::map<Milliseconds, SteadyTime> ages_since_;          // a max_age, and when it was first used here
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // posts look whether their object is
};

}  // namespace relay::redis
