// The link that carries commands: appends, reads, probes. Loop thread only.
//
// It outlives its connections: open() makes one, close() gives it up and answers what it carried. A connection
// is ready when the script is loaded, the epoch is seen to and Redis's clock is known.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hub/storage.hpp"
#include "storage/redis/keyspace.hpp"
#include "storage/redis/read_batch.hpp"
#include "storage/redis/redis_link.hpp"

namespace relay::redis {

class CommandLink {
 public:
  struct Events {
    std::function<void()> on_ready;
    std::function<void(const std::string& why)> on_lost;
  };
  CommandLink(net::IoLoop& loop, const RedisSettings& settings, const Keyspace& keys, Events events);
  ~CommandLink();

  void open();
  void close();
  bool ready() const { return ready_; }
  bool full() const;
  bool overdue(SteadyTime now, Milliseconds timeout) const { return link_ && link_->overdue(now, timeout); }
  std::size_t pending() const { return link_ ? link_->pending() : 0; }
  std::size_t unwritten_bytes() const { return link_ ? link_->unwritten_bytes() : 0; }
  // A message was announced: the store has given this id.
  void saw(MessageId id) { highest_seen_ = std::max(highest_seen_, id); }

  // REQUIRES: ready() for each of these.
  void append(hub::AppendRequest request, hub::AppendDone done);
  // An Error of code kLost when the link went before the answer: the same may be asked again.
  void read(std::vector<hub::ReadQuery> queries, hub::ReadDone done);
  // Announced on the loop's probe topic. The same breath sets the clock, and notices when the data was emptied:
  // the link is then lost, for every stream must hear of it.
  void probe(std::uint64_t number);
  static constexpr std::string_view kLost = "storage_lost";

 private:
  struct Appending;
  struct Reading;
  void greet();
  void greeted();
  void ask_time();
  void check_epoch(const Reply& reply);
  void on_append_reply(const std::shared_ptr<Appending>& it, const Reply& reply);
  void send_append(const std::shared_ptr<Appending>& it, bool whole_script);
  void encode_append(std::string& out, const Appending& it, bool whole_script) const;
  void on_bounds(const std::shared_ptr<Reading>& it, const Reply& reply);
  void ask_epoch(OnReply on_reply);
  void read_round(const std::shared_ptr<Reading>& it);
  void end_round(const std::shared_ptr<Reading>& it);
  void lost(const std::string& why);
  std::int64_t redis_now_ms() const;

  net::IoLoop& loop_;
  const RedisSettings& settings_;
  const Keyspace& keys_;
  const Events events_;
  const std::string probe_topic_;
  std::shared_ptr<RedisLink> link_;
  bool ready_ = false;
  std::string append_sha_;
  std::string epoch_;  // as this connection found or made it
  MessageId highest_seen_ = 0;
  std::int64_t redis_ms_ = 0;    // Redis's clock ...
  SteadyTime redis_ms_at_{};     // ... at this moment of ours
};

}  // namespace relay::redis
