// The storage contract on Redis 7 or Valkey: a command link and a bus link per event loop, kept together.
//
// One loop, one RedisStorage; everything happens on the loop's thread. Redis need not be there at start().
//
//   start -> connecting -> up -> whole        up: both links are ready, appends go out
//                ^           |     |          whole: every watch is confirmed too, reads go out
//                +- waiting <+-----+          lost: the first error, overdue command or silent probe ends both
//                  (backoff, full jitter)           links
// A bus link that breaks alone (Redis cuts readers that fall behind) is made anew at once, and appends go on
// meanwhile: whole -> up -> whole. Not being whole any more says on_interrupted() once, being whole (also for the
// first time) on_restored(). While Redis is away appends are refused at once; reads and watches wait until their
// deadline.
//
// The probe: twice per probe_interval a number is published on the loop's own topic and must come back on the bus
// link. Three that do not, in a row, are a dead link: a frozen server is known for dead within twice
// probe_interval, though both sockets are open. Counting probes and not time, a pause of this process is
// not taken for one of Redis.
//
// Errors of append: kUnavailable "storage_down", "storage_queue_full", "storage_error"; kUnknown
// "storage_unknown", "storage_error"; kConflict "idempotency_conflict". Of read and watch: kUnavailable.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hub/storage.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/io_loop.hpp"
#include "storage/redis/bus_link.hpp"
#include "storage/redis/command_link.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/settings.hpp"

namespace relay::redis {

class RedisStorage final : public hub::SoleStorage {
 public:
  // REQUIRES: its events and `loop` outlive it.
  RedisStorage(net::IoLoop& loop, RedisSettings settings, metrics::LoopMetrics& metrics);
  // REQUIRES: not from within one of its callbacks. What is unanswered stays so.
  ~RedisStorage() override;

  void start() override;
  // Closes the links and answers everything; later calls are kUnavailable. on_interrupted() is not called.
  void stop() override;

  void append(hub::AppendRequest request, hub::AppendDone done) override;
  void read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) override;
  void watch(hub::ChannelName channel, hub::WatchDone done) override;
  void unwatch(const hub::ChannelName& channel) override;
  std::vector<hub::NodeHealth> health() const override;

 private:
  enum class State { kStopped, kConnecting, kWaiting, kUp };
  struct Read {
    std::vector<hub::ReadQuery> queries;
    hub::ReadDone done;
    SteadyTime deadline;
  };
  void connect();
  void fail(const std::string& why);
  void on_bus_lost(const std::string& why);
  void say_interrupted();
  void schedule_connect();
  void on_link_ready();
  void on_whole();
  void tick();
  void schedule_tick();
  void check_links(SteadyTime now);
  void probe(SteadyTime now);
  void on_probe();
  void issue(std::shared_ptr<Read> read);
  void on_read(const std::shared_ptr<Read>& read, Result<hub::ReadAnswer> answer);
  void issue_waiting_reads();
  void expire_waiting_reads(SteadyTime now);
  void close_links();
  Error down() const;
  Error queue_full();  // counted
  void set_health(bool up, const std::string& why);

  net::IoLoop& loop_;
  const RedisSettings settings_;
  const Keyspace keys_;
  metrics::LoopMetrics& metrics_;
  CommandLink command_;
  BusLink bus_;

  State state_ = State::kStopped;
  bool interrupted_ = true;  // said (or not yet begun), and not yet taken back
  SteadyTime connecting_since_{};
  int attempts_ = 0;
  std::uint64_t probes_sent_ = 0;
  int probes_missed_ = 0;
  bool probe_seen_ = false;  // the last one, or one since
  SteadyTime next_probe_{};
  SteadyTime last_proof_{};
  std::deque<std::shared_ptr<Read>> waiting_reads_;
  hub::NodeHealth health_;

  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer connect_timer_;
  std::minstd_rand jitter_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // timers look whether their object is
};

}  // namespace relay::redis
