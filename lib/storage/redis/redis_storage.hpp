// The storage contract over one Redis server: one per event loop, with two links of its own.
//
//   command link   appends (one script each), reads, probes out          pipelined
//   bus link       SUBSCRIBE per watched channel; announcements, probes back
//
// Life:  down ──backoff──▶ connecting ──both links open, script loaded, epoch known──▶ resubscribing
//        ──every SUBSCRIBE confirmed──▶ up;   any fault ──▶ down; the bus link alone lost ──▶ a new bus link at once,
//        while appends and reads go on.
// What was announced while the bus link was gone is read back by the hub after on_restored(). A link that looks
// alive must prove it: twice per probe_interval a probe goes out on the command link and has to come back on the bus
// link; when none has for two intervals, that is a fault.
//
// Queues: the command link's (max_pending_commands, max_pending_bytes; full: kUnavailable, "storage_queue_full").
// Loop thread only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hub/storage.hpp"
#include "metrics/loop_metrics.hpp"
#include "net/io_loop.hpp"
#include "net/timers.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/redis_link.hpp"
#include "storage/redis/settings.hpp"

namespace relay::redis {

class RedisStorage final : public hub::Storage, private net::TimerNode {
 public:
  // `events` and `metrics` outlive it. Redis need not be there.
  RedisStorage(net::IoLoop& loop, RedisSettings settings, hub::StorageEvents& events, metrics::LoopMetrics& metrics);
  ~RedisStorage() override;

  void start() override;
  void stop() override;
  void append(hub::AppendRequest request, hub::AppendDone done) override;
  void read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) override;
  void watch(hub::ChannelName channel, hub::WatchDone done) override;
  void unwatch(const hub::ChannelName& channel) override;
  std::vector<hub::NodeHealth> health() const override;

 private:
  enum class State : std::uint8_t { kStopped, kDown, kConnecting, kResubscribing, kUp };
  struct Watch {
    hub::WatchDone done;  // until it is answered
    SteadyTime deadline{};
    bool confirmed = false;
  };
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(std::string_view name) const { return boost::hash<std::string_view>{}(name); }
    std::size_t operator()(const hub::ChannelName& name) const { return (*this)(name.view()); }
  };
  struct Equal {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return view(a) == view(b);
    }
    static std::string_view view(std::string_view name) { return name; }
    static std::string_view view(const hub::ChannelName& name) { return name.view(); }
  };

  // Connecting.
  void connect();
  RedisLink::Events events_of(void (RedisStorage::*on_lost)(const std::string&));
  void open_bus();
  void on_link_open();
  void on_bus_lost(const std::string& why);
  void say_lost(const std::string& why);
  void on_prepared();
  void resubscribe();
  void check_restored();
  void fault(const std::string& why);
  void close_links();

  // Time: every 100 ms.
  void on_timer() override;
  void check_deadlines(SteadyTime now);
  void probe(SteadyTime now);
  void check_epoch(const wire::RespValue& epoch);

  // Appends.
  bool queue_full() const;
  void send_append(std::shared_ptr<hub::AppendRequest> request, hub::AppendDone done, bool by_sha);
  void on_append_reply(const std::shared_ptr<hub::AppendRequest>& request, const hub::AppendDone& done, bool by_sha,
                       const Reply& reply);

  // Bus.
  void subscribe(std::string_view topic);
  void on_push(const wire::RespValue& value);
  void on_confirmed(std::string_view topic);
  void on_announcement(std::string_view topic, std::string_view record);

  net::IoLoop& loop_;
  const RedisSettings settings_;
  const Keyspace keys_;
  hub::StorageEvents& events_;
  metrics::LoopMetrics& metrics_;
  const std::string probe_topic_;

  State state_ = State::kStopped;
  std::shared_ptr<RedisLink> command_;
  std::shared_ptr<RedisLink> bus_;
  int links_open_ = 0;
  bool commands_ready_ = false;  // script loaded, epoch known
  std::string append_sha_;
  std::string epoch_;
  std::int64_t clock_offset_ms_ = 0;  // Redis's clock minus ours
  MessageId highest_seen_ = 0;

  boost::unordered_flat_map<hub::ChannelName, Watch, Hash, Equal> watches_;
  std::size_t unanswered_ = 0;  // watches with `done`
  // SUBSCRIBEs sent and not confirmed, by channel ("" is the probe's): confirmations come in their order.
  boost::unordered_flat_map<std::string, std::uint32_t, Hash, Equal> unconfirmed_;

  SteadyTime attempt_began_{};
  SteadyTime next_attempt_{};
  Milliseconds backoff_{0};
  SteadyTime last_probe_{};
  SteadyTime last_proof_{};
  SteadyTime last_time_check_{};
  std::uint64_t probe_number_ = 0;
  std::int64_t since_ms_;
  std::string reason_ = "not connected yet";
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace relay::redis
