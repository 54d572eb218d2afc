// One Redis server as a loop sees it: its links, kept together, and the proof that they carry. Loop thread
// only.
//
//   start -> connecting -> up          up: the links are ready; partitions may use them
//                ^           |         lost: the first error, overdue command or silent probe ends all links
//                +- waiting <+
//                  (backoff, full jitter, counted from the beginning of the attempt)
// A packet that opens a connection and is lost is repeated by the kernel after one second, and two more:
// three of four attempts that nobody takes notice of are given up sooner, so that a server is found soon
// after the way to it is free.
//
// A bus link that breaks alone (Redis cuts readers that fall behind) is made anew at once, and commands go on
// meanwhile; if it breaks again before all is subscribed to, the node is lost.
//
// The probe: four times per probe_interval a number is published on the loop's own topic of one partition,
// all of them in turn, and must come back on the bus link. Five that do not, in a row, are a dead link: a
// frozen server is known for dead after one and a half probe_interval, though its sockets are open. Counting
// probes and not time, a pause of this process is not taken for one of Redis.
//
// With min_replicas appends have a link of their own, for WAIT holds up whatever comes behind it; one WAIT
// answers for all that was written before it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "hub/storage.hpp"
#include "storage/redis/bus_link.hpp"
#include "storage/redis/command_link.hpp"

namespace relay::redis {

class Node;

// What a node tells the store. None of these may destroy it.
class NodeOwner {
 public:
  virtual ~NodeOwner() = default;
  virtual void on_node_up(Node& node) = 0;
  virtual void on_node_lost(Node& node, const std::string& why) = 0;  // before its commands are answered
  virtual void on_bus_up(Node& node) = 0;
  virtual void on_bus_lost(Node& node) = 0;
  virtual void on_bus_message(Node& node, std::string_view topic, std::string_view bytes) = 0;
  virtual void on_confirmed(Node& node, BusLink::Asker asker, std::string_view topic) = 0;
  virtual void on_refused(Node& node, BusLink::Asker asker, std::string_view error) = 0;
  virtual void on_dropped(Node& node, std::string_view topic) = 0;
  // The topic on which to probe now; empty: there is nothing to prove.
  virtual std::string probe_topic(Node& node) = 0;
  // Every message that the node stored before `sent` was announced, up to Redis's time `redis_ms`.
  virtual void on_proof(Node& node, SteadyTime sent, std::int64_t redis_ms) = 0;
};

class Node {
 public:
  // `settings.server` is this one. REQUIRES: `owner` outlives it.
  Node(net::IoLoop& loop, RedisSettings settings, NodeOwner& owner);
  // REQUIRES: not from within one of its callbacks. What is unanswered stays so.
  ~Node();

  void start();
  void stop();  // closes and answers everything; the owner hears nothing
  void tick(SteadyTime now);
  // Of no use any more: all links are made anew.
  void fail(const std::string& why);

  const std::string& name() const { return health_.name; }
  bool up() const { return state_ == State::kUp; }
  bool bus_up() const { return up() && bus_.is_open(); }
  bool full() const { return commands_.full() || (writes_ && writes_->full()); }
  std::size_t pending() const { return commands_.pending() + (writes_ ? writes_->pending() : 0); }
  std::size_t unwritten_bytes() const {
    return commands_.unwritten_bytes() + (writes_ ? writes_->unwritten_bytes() : 0);
  }
  const std::string& replication_id() const { return commands_.replication_id(); }
  std::int64_t redis_now_ms() const { return commands_.redis_now_ms(); }

  // REQUIRES: up() for all that follow. `encode(std::string& out)` appends exactly one command.
  template <class Encode>
  void send(Encode&& encode, OnReply on_reply) {
    commands_.send(std::forward<Encode>(encode), std::move(on_reply));
  }
  // The same for what has to reach min_replicas.
  template <class Encode>
  void write(Encode&& encode, OnReply on_reply) {
    (writes_ ? *writes_ : commands_).send(std::forward<Encode>(encode), std::move(on_reply));
  }
  // Answers whether enough replicas have everything that was written until now. After its replies.
  // REQUIRES: min_replicas > 0.
  void await_replicas(std::function<void(bool)> done);
  BusLink& bus() { return bus_; }
  // The loop's own topic came back.
  void on_probe(std::string_view number);

  // Bounds what is read at once: runs `read` now, or when others have ended, or when the node is lost. Each
  // is ended by end_read().
  void begin_read(std::size_t queries, std::function<void()> read);
  void end_read(std::size_t queries);

  // Whether every partition on it is: what readiness shows as up.
  void set_whole(bool whole);
  void explain(const std::string& why) {
    if (!health_.up) health_.reason = why;
  }
  hub::NodeHealth health() const;

 private:
  enum class State { kStopped, kConnecting, kWaiting, kUp };
  struct Probe {
    std::uint64_t number;
    SteadyTime sent;
    std::int64_t redis_ms = 0;  // once known
    bool heard = false;
  };
  void connect();
  bool is_noticed() const;
  void check_connecting(SteadyTime now);
  void on_link_ready();
  void on_bus_open();
  void on_bus_lost(const std::string& why);
  void schedule_connect();
  void check_links(SteadyTime now);
  void probe(SteadyTime now);
  void settle_probes();
  void send_wait();
  void close_links();
  void set_health(bool up, const std::string& why);

  net::IoLoop& loop_;
  const RedisSettings settings_;
  NodeOwner& owner_;
  CommandLink commands_;
  std::unique_ptr<CommandLink> writes_;
  BusLink bus_;

  State state_ = State::kStopped;
  SteadyTime connecting_since_{};
  SteadyTime bus_connecting_since_{};
  int attempts_ = 0;
  int unnoticed_ticks_ = 0;  // of this attempt
  bool bus_broke_ = false;   // since it was whole
  std::uint64_t probes_sent_ = 0;
  int probes_missed_ = 0;
  std::deque<Probe> probes_;  // unheard ones, and those whose time is to come
  bool probe_seen_ = true;    // the last one, or one since
  SteadyTime next_probe_{};
  SteadyTime last_proof_{};
  hub::NodeHealth health_;
  bool told_away_ = false;  // in the log

  std::vector<std::function<void(bool)>> unreplicated_;  // written, and not asked for
  bool replicas_asked_ = false;                          // WAIT is on its way
  std::size_t reading_ = 0;                              // queries on their way
  std::deque<std::pair<std::size_t, std::function<void()>>> reads_;

  boost::asio::steady_timer connect_timer_;
  std::minstd_rand jitter_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // timers look whether their object is
};

}  // namespace relay::redis
