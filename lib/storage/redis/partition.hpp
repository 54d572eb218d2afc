// The storage contract for one partition, on whichever node serves it. Loop thread only.
//
//   away --take()--> checking -> up -> whole       checking: the layout is the right one, the epoch is true
//    ^                  |        |       |         up: appends go out
//    +----- leave() ----+--------+-------+         whole: every watch is confirmed too, reads go out
// A bus link that breaks alone: whole -> up -> whole. Not being whole any more says on_interrupted() once,
// being whole (also for the first time) on_restored(). While the partition is away appends are refused at
// once; reads and watches wait until their deadline.
//
// What Redis redirects (MOVED, ASK) or asks to try again is sent again until its deadline; nothing was done
// then.
//
// Errors of append: kUnavailable "storage_down", "storage_queue_full", "storage_error"; kUnknown
// "storage_unknown", "storage_error", "storage_replicas"; kConflict "idempotency_conflict". Of read and
// watch: kUnavailable.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hub/storage.hpp"
#include "metrics/loop_metrics.hpp"
#include "storage/redis/append_queue.hpp"
#include "storage/redis/errand.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/node.hpp"
#include "storage/redis/refusal.hpp"
#include "storage/redis/watches.hpp"

namespace relay::redis {

class Partition;

// What a partition needs of the store.
class PartitionOwner {
 public:
  virtual ~PartitionOwner() = default;
  // Its slot has another node, as `node` says.
  virtual void on_moved(Partition& partition, Node& node) = 0;
  // Nobody serves its slot, or not this server.
  virtual void on_unserved() = 0;
  // The node that is about to take its slot over; null until it is up.
  virtual Node* asked_node(Node& by, const Redirect& redirect) = 0;
  virtual void on_whole_changed(Node& node) = 0;
  // Whether the store is known to be laid out for this number of partitions; partition 0 finds out.
  virtual bool layout_is_good() const = 0;
  virtual void on_layout(std::string_view stored) = 0;
};

class Partition final : public hub::Storage {
 public:
  Partition(net::IoLoop& loop, const RedisSettings& settings, metrics::LoopMetrics& metrics,
            PartitionOwner& owner, AppendLoad& load, std::uint32_t number, std::uint32_t partitions,
            std::string_view tag);
  // REQUIRES: not from within one of its callbacks.
  ~Partition() override;
  void attach(hub::StorageEvents& events) { events_ = &events; }

  void append(hub::AppendRequest&& request, hub::AppendDone done) override;
  void read(std::vector<hub::ReadQuery> queries, hub::ReadDone done) override;
  void watch(hub::ChannelName channel, hub::WatchDone done) override;
  void unwatch(const hub::ChannelName& channel) override;
  MessageId proven() const override { return proven_; }

  std::uint32_t number() const { return number_; }
  const Keyspace& keys() const { return keys_; }
  Node* node() const { return node_; }
  bool whole() const { return whole_; }
  std::size_t waiting() const { return reads_.size() + errands_.size(); }

  // For the store. `node` is up and serves it.
  void take(Node& node);
  void leave(const std::string& why);
  void move(
      const std::string& why);  // it leaves for another node that serves it already: appends wait a moment
  void proceed();               // the layout is the right one
  void stop();                  // answers everything; later calls are kUnavailable
  void bus_up();
  void bus_lost();
  bool is_current(std::uint32_t life) const { return life == life_; }
  void on_confirmed(std::string_view topic);
  // A check or a subscription was refused by its node.
  void on_refusal(Node& by, std::string_view error);
  void explain(const std::string& why) { why_ = why; }
  void on_announced(std::string_view topic, std::string_view record);
  void on_proof(SteadyTime sent, MessageId proven);
  void check_epoch();
  void tick(SteadyTime now);
  const std::string& probe_topic() const { return probe_topic_; }
  void send(const ErrandPtr& errand);

 private:
  enum class State { kStopped, kAway, kChecking, kUp };
  struct Reading;
  struct Read {
    std::vector<hub::ReadQuery> queries;
    hub::ReadDone done;
    SteadyTime deadline;
  };
  void check_layout();
  void ask_epoch();
  void encode_epoch(std::string& out) const;
  template <class Encode>
  void send_now(Encode&& encode, std::function<void(const wire::RespValue&)> take);
  void on_epoch(const wire::RespValue& answer);
  void subscribe();
  void set_whole(bool whole);
  void ask_topic(bool subscribe, std::string topic);

  void on_errand_reply(const ErrandPtr& errand, Node& by, const Reply& reply);
  void ask_elsewhere(const ErrandPtr& errand, Node& by, const Redirect& redirect);
  void send_to(Node& node, const ErrandPtr& errand, bool asking);
  void send_later(const ErrandPtr& errand);
  void send_waiting();

  void issue(const std::shared_ptr<Read>& read);
  void start_reading(Node& node, const std::shared_ptr<Read>& read);
  void issue_reads();
  void expire_reads(SteadyTime now);
  using Take = std::function<void(const wire::RespValue& answer, bool redirected)>;
  void ask(const std::shared_ptr<Reading>& it, std::function<void(std::string&)> encode, Take take);
  void ask_bounds(const std::shared_ptr<Reading>& it);
  bool take_bounds(Reading& it, const wire::RespValue& bounds);
  bool read_round(const std::shared_ptr<Reading>& it);
  void end_round(const std::shared_ptr<Reading>& it);
  std::int64_t now_ms() const;

  void note_place();
  MessageId place_on(std::string_view server) const;
  void saw(MessageId id) { highest_seen_ = std::max(highest_seen_, id); }
  Error down() const;
  Error queue_full();  // counted

  net::IoLoop& loop_;
  const RedisSettings& settings_;
  metrics::LoopMetrics& metrics_;
  PartitionOwner& owner_;
  AppendLoad& load_;
  hub::StorageEvents* events_ = nullptr;
  const std::uint32_t number_;
  const std::uint32_t partitions_;
  const Keyspace keys_;
  const std::string probe_topic_;

  State state_ = State::kAway;
  Node* node_ = nullptr;
  std::string why_ = "connecting";
  bool interrupted_ = true;  // said (or not yet begun), and not yet taken back
  bool whole_ = false;
  bool epoch_asked_ = false;  // since it was taken
  std::uint32_t life_ = 0;    // of the subscriptions
  std::size_t to_whole_ = 0;  // confirmations until whole
  SteadyTime moving_until_{};
  SteadyTime look_again_{};  // at what could not be checked; the zero: it is on its way
  SteadyTime subscribing_since_{};
  SteadyTime whole_since_{};
  Watches watches_;

  std::string epoch_;           // as found or made when it was taken
  MessageId highest_seen_ = 0;  // of this store, by this loop ...
  std::string seen_on_;         // ... under the server with this replication id
  MessageId proven_ = 0;
  // What this loop's streams had when it left a server, by replication id, the newest last: if it comes back
  // to one that knows nothing of where it was meanwhile.
  std::vector<std::pair<std::string, MessageId>> places_;

  std::deque<std::shared_ptr<Read>> reads_;  // until it is whole
  AppendQueue appends_;
  std::deque<ErrandPtr> errands_;  // to be sent again
  boost::asio::steady_timer errand_timer_;
  bool errands_scheduled_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // timers look whether their object is
};

}  // namespace relay::redis
